"""One file a loss: its config, and what builds it. Each is found by being here.

PyTorch is imported where a loss is built: the help reads the configs without it.
"""
