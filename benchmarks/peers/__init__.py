"""Other ways to train the same network, each as its own documentation tells to use it.

A module here has a function `train(task, pace)`: it builds its loop, calls `pace.ready` with its
version and precision, and then trains without end, calling `pace.step` after each step.
"""
