"""A pretrained network on other pictures: input size, head, what is frozen, where to cut."""
