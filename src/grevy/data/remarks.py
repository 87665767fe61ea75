"""What is said of pictures that look otherwise than somebody may think, from their facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from grevy.data.deep import QUARTER, STORED_BITS, largest_value, usual_bits
from grevy.data.types import PictureFacts, Remark
from grevy.figures.numerals import counted
from grevy.recipes.schema import PicturesConfig
from grevy.records.preprocessing import Fit

TINY = 8
"""Enlarged so many times or more, a picture counts as tiny."""

EXTREME = 4
"""So many times longer or wider than the input, a picture counts as a strip."""

_REMARKS: Mapping[Remark, tuple[str, str]] = {
    "one colour": ("is of one colour throughout", "are of one colour throughout"),
    "invisible": ("is wholly transparent, so it is white", "are wholly transparent, so all white"),
    "transparent": ("is transparent in part, laid on white", "are transparent in part, on white"),
    "first frame": (
        "has frames or pages; the first is read",
        "have frames or pages; the first is read",
    ),
    "turned": ("is turned as its EXIF tag says", "are turned as their EXIF tags say"),
}

_KINDS = {"gray": "16 bits", "colour": "16 bits a channel", "float": "floats"}


def picture_notes(
    facts: Sequence[PictureFacts], shape: tuple[int, int, int], pictures: PicturesConfig
) -> list[str]:
    """Sentences with a count and an example, on readable pictures.

    Args:
        facts: of them.
        shape: channels, height, width that the network will see.
        pictures: how they are prepared.
    """
    height, width = shape[1:]
    return [
        *_depth_notes(facts, pictures.bits),
        *_tiny_note(facts, height, width),
        *_strip_note(facts, height, width, pictures.fit),
        *_remark_notes(facts),
        *_ink_note(facts),
    ]


def depth_clauses(fact: PictureFacts, bits: int) -> Iterator[str]:
    """What is to be said of one picture of more than 8 bits."""
    if fact.brightest is None:
        return
    top = largest_value(bits, is_float=_kind(fact) == "float")
    if _is_dark(fact, top):
        yield f"dark, with no value above {_value(fact.brightest)} of {top:,}"
    if fact.brightest > top:
        yield f"clipped at {top:,}, its values go up to {_value(fact.brightest)}"


def _depth_notes(facts: Sequence[PictureFacts], bits: int) -> Iterator[str]:
    deep = [fact for fact in facts if fact.brightest is not None]
    if bits < STORED_BITS and not deep:
        yield f"pictures.bits {bits} changes nothing: no picture has more than 8 bits a channel"
    for kind in _KINDS:
        if members := [fact for fact in deep if _kind(fact) == kind]:
            yield from _notes_of_kind(members, kind, bits)


def _notes_of_kind(members: Sequence[PictureFacts], kind: str, bits: int) -> Iterator[str]:
    top = largest_value(bits, is_float=kind == "float")
    dark = [fact for fact in members if _is_dark(fact, top)]
    clipped = [fact for fact in members if _brightest(fact) > top]
    what = f"{kind} picture" if kind != "float" else "picture"
    have = f"{counted(len(members), what)} {_have(members)} {_KINDS[kind]}"
    if bits < STORED_BITS:
        yield f"{have}, read as {bits} bits: {top:,} is white"
    if clipped:
        largest = _value(max(map(_brightest, clipped)))
        be = "is" if len(clipped) == 1 else "are"
        yield (
            f"{len(clipped):,} of them {be} brighter than {top:,} and clipped there"
            f" (up to {largest}, {_example(clipped)})"
        )
    if dark and max(map(_brightest, members)) <= QUARTER * top:
        them, come = ("it", "it comes") if len(members) == 1 else ("them", "they come")
        mend = _how_to_scale(dark, kind, them)
        yield f"{have} and none is brighter than {_top_of(dark, top)}: {come} out dark{mend}"
    elif dark:
        be, come = ("is", "comes") if len(dark) == 1 else ("are", "come")
        yield (
            f"{len(dark):,} of {counted(len(members), what)} with {_KINDS[kind]} {be} nowhere"
            f" brighter than {_top_of(dark, top)} and {come} out dark ({_example(dark)})"
        )


def _how_to_scale(dark: Sequence[PictureFacts], kind: str, them: str) -> str:
    brightest = max(map(_brightest, dark))
    if kind == "float" and brightest <= 1:
        return f"; scale {them} to 0 to 1"
    return f"; --pictures.bits {usual_bits(brightest)} scales {them}"


def _tiny_note(facts: Sequence[PictureFacts], height: int, width: int) -> Iterator[str]:
    def enlarged(fact: PictureFacts) -> float:
        return min(height / fact.height, width / fact.width)

    tiny = [f for f in facts if enlarged(f) >= TINY or max(f.height, f.width) == 1]
    if tiny:
        smallest = max(tiny, key=enlarged)
        yield _said(tiny, facts, "is tiny", "are tiny", f"{_sized(smallest)} for {width}×{height}")


def _strip_note(facts: Sequence[PictureFacts], height: int, width: int, fit: Fit) -> Iterator[str]:
    def stretched(fact: PictureFacts) -> float:
        ratio = fact.width * height / (fact.height * width)
        return max(ratio, 1 / ratio)

    strips = [fact for fact in facts if stretched(fact) >= EXTREME]
    if strips:
        worst = max(strips, key=stretched)
        times = stretched(worst)
        done = {
            "crop": f"crop keeps {100 / times:.2g} % of it",
            "pad": f"pad fills all but {100 / times:.2g} % with black",
            "stretch": f"stretch changes its proportions {times:.2g} times",
        }
        words = ("is a strip", "are strips")
        yield _said(strips, facts, *words, f"{_sized(worst)}; {done[fit]}")


def _remark_notes(facts: Sequence[PictureFacts]) -> Iterator[str]:
    for remark, words in _REMARKS.items():
        if chosen := [fact for fact in facts if remark in fact.remarks]:
            yield _said(chosen, facts, *words, _example(chosen))


def _ink_note(facts: Sequence[PictureFacts]) -> Iterator[str]:
    for mode in ("CMYK", "LAB"):
        if chosen := [fact for fact in facts if fact.mode == mode]:
            done = f"{mode}, turned into RGB without a colour profile"
            yield _said(chosen, facts, f"is {done}", f"are {done}", _example(chosen))


def _said(
    chosen: Sequence[PictureFacts],
    facts: Sequence[PictureFacts],
    one: str,
    several: str,
    example: str,
) -> str:
    words = one if len(chosen) == 1 else several
    return f"{len(chosen):,} of {counted(len(facts), 'picture')} {words} ({example})"


def _example(chosen: Sequence[PictureFacts]) -> str:
    return chosen[0].id if len(chosen) == 1 else f"first {chosen[0].id}"


def _sized(fact: PictureFacts) -> str:
    return f"{fact.id}: {fact.width:,} wide and {fact.height:,} high"


def _kind(fact: PictureFacts) -> str:
    if fact.mode == "F":
        return "float"
    return "gray" if fact.mode.startswith("I") else "colour"


def _brightest(fact: PictureFacts) -> float:
    return fact.brightest or 0


def _is_dark(fact: PictureFacts, top: float) -> bool:
    """Black ones are said to be of one colour."""
    return 0 < _brightest(fact) <= QUARTER * top


def _top_of(dark: Sequence[PictureFacts], top: float) -> str:
    return f"{_value(max(map(_brightest, dark)))} of {top:,}"


def _value(value: float) -> str:
    return f"{value:.3g}" if value % 1 else f"{int(value):,}"


def _have(members: Sequence[PictureFacts]) -> str:
    return "has" if len(members) == 1 else "have"
