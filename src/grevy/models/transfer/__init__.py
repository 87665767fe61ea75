"""A pretrained network on other pictures: its input size, its head, what is frozen, where to cut."""
