"""The colour rules, once: what every figure of Grevy is coloured with.

The discrete colours are the palette of Okabe and Ito (2008, "Color Universal Design"), made to be
told apart with every common form of colour blindness. A split has the same colour everywhere.
Never jet (its lightness goes up and down, so it shows edges that are not there), never red
against green.
"""

from __future__ import annotations

OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "bluish green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "reddish purple": "#CC79A7",
}

SPLIT_COLOURS = {
    "train": OKABE_ITO["blue"],
    "validation": OKABE_ITO["vermillion"],
    "test": OKABE_ITO["reddish purple"],
}

BEST = OKABE_ITO["black"]
"""What marks the best check."""

INK = "#222222"
"""Text that must be read."""

FAINT = "#666666"
"""Text and lines that step back; still 5.7 : 1 against white."""

ABSENT = "#DDDDDD"
"""Where there is no value: not on any colour map."""

SEQUENTIAL = "Blues"
"""Name of the colour map for values from 0 up: nearly white is 0, lightness falls steadily."""

DIVERGING = "RdBu_r"
"""Name of the colour map for signed values: nearly white is 0, the range is symmetric."""
