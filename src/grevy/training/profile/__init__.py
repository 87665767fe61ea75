"""`grevy train --profile`: seconds of each part of the loop, FLOP/s, and a trace of a few steps."""
