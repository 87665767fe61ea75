"""A network with all that it needs to answer: open, predict, evaluate."""
