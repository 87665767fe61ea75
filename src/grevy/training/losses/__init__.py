"""What a training makes small: `loss` says what a loss is, `kinds/` has one file each."""
