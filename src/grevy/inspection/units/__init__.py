"""What a unit answers to: patches of the data, and a picture made by optimisation beside them."""
