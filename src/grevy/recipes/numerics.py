"""A number for Grevy's own numerics, which is part of what makes two runs the same."""

NUMERICS = 2
"""Raised when the same recipe, data and seed give other weights than they gave before. Records
from the time before there was this number count as 1.

2: the last step has a check, also where it is not a whole number of intervals after the first.
"""
