"""Look inside a network: filters, activations, class maps, what a unit answers to."""
