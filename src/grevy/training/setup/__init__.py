"""From image data and a recipe to everything that the loop needs."""
