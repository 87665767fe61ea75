"""Training behind a frozen front, whose features are computed once."""
