"""Maps of the data: its features in two dimensions, the surest mistakes, calibration."""
