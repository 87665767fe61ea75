"""The run directory: events, checkpoints, predictions; atomic writes. No torch."""
