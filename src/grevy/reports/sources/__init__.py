"""What values are from: runs, and comparisons of runs."""
