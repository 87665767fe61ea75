"""Optimizers by name, and how parameters are grouped for them."""
