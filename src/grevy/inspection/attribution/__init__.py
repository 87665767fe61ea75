"""Where the evidence for a class lies: class maps and attributions, each with its checks."""
