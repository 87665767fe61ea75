"""Training on the hard part of each batch only."""
