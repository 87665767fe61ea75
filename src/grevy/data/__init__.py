"""Reading, decoding, splits, audit, batches, augmentation."""
