"""Random changes to whole batches of train pictures, on the device that holds them.

Every stage before `normalise` takes and gives uint8 pictures `[B, C, H, W]`. Random parameters are
drawn on the CPU from a generator that the caller seeds with (seed, step): they are the same on
every device, and the global random state is neither read nor changed. `kinds/` has one file an
augmentation; `pipeline` puts them in order.

Suffixes: B pictures of a batch, G pictures of a group, C channels, H rows, W columns, K classes.
"""
