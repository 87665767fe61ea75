"""One file an optimizer: its config, and what builds it. Each is found by being here.

PyTorch is imported where an optimizer is built: the help reads the configs without it.
"""
