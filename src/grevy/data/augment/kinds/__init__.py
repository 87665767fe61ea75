"""One file an augmentation: its config, and what builds it. Each is found by being here.

PyTorch is imported where one is built: the help reads the configs without it.
"""
