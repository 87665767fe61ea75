"""What a network is made of: its layers with shapes, parameters, MACs and receptive fields.

The network is run once on a tensor without data, and every operation is watched, so that reused
modules, branches and functional calls are counted as they happen.
"""
