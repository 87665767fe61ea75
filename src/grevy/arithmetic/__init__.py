"""Convolution by hand, sizes, receptive fields, parameters and MACs: numbers only, no torch."""
