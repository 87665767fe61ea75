"""A comparison as a document: what `compare` and `study` print and a report takes up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from grevy.documents.blocks import Block, Document, Items, Paragraph, Table, Text, Value
from grevy.documents.forms import UNKNOWN, Number, written
from grevy.documents.paths import field
from grevy.studies.compare import Comparison
from grevy.studies.effects import Effect, class_effects
from grevy.studies.statistics import Estimate

SPLITS = ("train", "validation")
ON_PICTURES = "on every test picture"
_OVER_SEEDS = ("seeds", "with every seed")
COMPARISON = "comparison"
"""How the values call what they are from."""


def comparison_document(comparison: Comparison, record: str = COMPARISON) -> Document:
    """Arms, effects with both kinds of noise and verdicts, diagnoses, what failed.

    Args:
        comparison: what is told.
        record: the name that its numbers give as where they are from.
    """
    blocks: list[Block] = [_arms(comparison, record), *_effects(comparison, record)]
    notes = tuple(n for arm in comparison.contest.arms[1:] if (n := comparison.pairing_note(arm)))
    blocks += [Items(notes)] if notes else []
    diagnoses = _diagnoses(comparison)
    blocks += [Items(diagnoses)] if diagnoses else []
    if len(comparison.effects) == 1:
        blocks.append(_classes(comparison, comparison.effects[0], record))
    failed = tuple(f"not compared: {f.what}" for f in comparison.contest.failed)
    blocks += [Items(failed)] if failed else []
    return Document("", tuple(blocks))


def interval(
    estimate: Estimate, record: str, *place: str, same: str = "with every seed"
) -> tuple[str | Value, ...]:
    """`+2.3 [+1.1, +3.5]` in percentage points.

    Args:
        estimate: of a difference in accuracy.
        record: where it is from.
        place: the field of it there, segment by segment.
        same: over what it does not vary, where it does not.
    """

    def end(name: str) -> Value:
        return _value(getattr(estimate, name), "points", record, *place, name)

    if math.isnan(estimate.low):
        return (end("mean"),)
    if estimate.low == estimate.high:
        moved = same == ON_PICTURES and estimate.mean != 0
        return (end("mean"), f" ({same})" if moved else f" (the same {same})")
    return (end("mean"), " [", end("low"), ", ", end("high"), "]")


def _arms(comparison: Comparison, record: str) -> Table:
    columns = ("arm", "seeds", "train", "validation", "test", "deviation", "seconds", "FLOPs")
    rows: list[tuple[Text, ...]] = []
    for cost in comparison.costs:
        place, found = ("arms", cost.arm), comparison.accuracy(cost.arm)
        means = [
            _mean(comparison.accuracies(cost.arm, split), record, *place, split, "mean")
            for split in SPLITS
        ]
        test = (*place, "test")
        rows.append(
            (
                cost.arm,
                (_value(found.n, ",d", record, *test, "n"),),
                *means,
                (_value(found.mean, "accuracy", record, *test, "mean"),),
                (_value(found.standard_deviation, "spread", record, *test, "standard_deviation"),),
                (_value(cost.seconds, "seconds", record, *place, "seconds"),),
                (_value(cost.flops, ".2e", record, *place, "flops"),),
            )
        )
    return Table(columns, tuple(rows), frozenset(range(1, len(columns))))


def _effects(comparison: Comparison, record: str) -> Iterable[Block]:
    rows = tuple(_effect(effect, record) for effect in comparison.effects)
    baseline = comparison.contest.arms[0]
    title = f"effect on test accuracy against {baseline}, points [95 % interval]"
    columns = ("arm", "over seeds", "over pictures", "p", "verdict")
    yield Table(columns, rows, frozenset({3}), title)
    if any(len(effect.seeds) > 1 for effect in comparison.effects):
        yield Paragraph("p: paired t test over seeds, Holm's correction for the number of arms")
    if any(len(effect.seeds) == 1 for effect in comparison.effects):
        yield Paragraph(
            "one seed: p is McNemar's exact test over the test pictures; how much training again"
            " would change, nobody knows"
        )


def _effect(effect: Effect, record: str) -> tuple[Text, ...]:
    place, one = ("effects", effect.arm), len(effect.seeds) == 1
    p, name = (effect.tests[0].p, "p") if one else (effect.p_adjusted, "p_corrected")
    return (
        effect.arm,
        "one seed" if one else interval(effect.across_seeds, record, *place),
        interval(effect.across_pictures, record, *place, "pictures", same=ON_PICTURES),
        (_value(p, "p", record, *place, name),),
        (_value(effect.verdict, "text", record, *place, "verdict"),),
    )


def _diagnoses(comparison: Comparison) -> tuple[str, ...]:
    arms = comparison.contest.arms
    return tuple(
        f"{arm}: {diagnosis.words}" for arm in arms for diagnosis in comparison.diagnoses(arm)[:1]
    )


def _classes(comparison: Comparison, effect: Effect, record: str) -> Table:
    def row(name: str, before: float, estimate: Estimate) -> tuple[Text, ...]:
        place = ("effects", effect.arm, "classes", name)
        baseline = _value(before, "accuracy", record, *place, "baseline")
        return name, (baseline,), interval(estimate, record, *place, same=same)

    noise, same = ("test pictures", ON_PICTURES) if len(effect.seeds) == 1 else _OVER_SEEDS
    rows = tuple(row(*found) for found in class_effects(comparison.contest, effect.arm))
    title = f"by class, points [95 % interval over {noise}, not corrected for their number]"
    return Table(("class", comparison.contest.arms[0], effect.arm), rows, frozenset({1}), title)


def _mean(numbers: Sequence[float], record: str, *place: str) -> Text:
    if not numbers:
        return UNKNOWN
    return (_value(sum(numbers) / len(numbers), "accuracy", record, *place),)


def _value(number: Number, form: str, record: str, *place: str) -> Value:
    return Value(written(number, form), record, field(*place), form)
