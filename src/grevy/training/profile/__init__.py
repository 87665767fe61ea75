"""`grevy train --profile`: seconds of each phase of the loop, FLOP/s, a trace of a few steps."""
