"""Grevy: train image classifiers fast, compare them honestly, look inside them."""

__version__ = "0.1.0"
