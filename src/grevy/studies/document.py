"""A comparison as a document: what `compare` and `study` print and a report takes up."""

from __future__ import annotations

import math
from collections.abc import Iterable

from grevy.documents.blocks import Block, Document, Items, Paragraph, Table
from grevy.studies.compare import Comparison
from grevy.studies.effects import Effect, class_effects
from grevy.studies.statistics import Estimate

SPLITS = ("train", "validation")
UNKNOWN = "–"


def comparison_document(comparison: Comparison) -> Document:
    """Arms, effects with both kinds of noise and verdicts, diagnoses, what failed."""
    blocks: list[Block] = [_arms(comparison), *_effects(comparison)]
    diagnoses = _diagnoses(comparison)
    blocks += [Items(diagnoses)] if diagnoses else []
    if len(comparison.effects) == 1:
        blocks.append(_classes(comparison, comparison.effects[0]))
    failed = tuple(f"not compared: {f.what}" for f in comparison.contest.failed)
    blocks += [Items(failed)] if failed else []
    return Document("", tuple(blocks))


def interval(estimate: Estimate) -> str:
    """`+2.3 [+1.1, +3.5]` in percentage points."""
    mean = f"{100 * estimate.mean:+.2f}"
    if math.isnan(estimate.low):
        return mean
    if estimate.low == estimate.high:
        return f"{mean} (the same with every seed)"
    return f"{mean} [{100 * estimate.low:+.2f}, {100 * estimate.high:+.2f}]"


def _arms(comparison: Comparison) -> Table:
    columns = ("arm", "seeds", "train", "validation", "test", "deviation", "seconds", "FLOPs")
    rows = []
    for cost in comparison.costs:
        found = comparison.accuracy(cost.arm)
        spread = UNKNOWN if found.n < 2 else f"±{100 * found.standard_deviation:.2f}"
        means = [_mean(comparison.accuracies(cost.arm, split)) for split in SPLITS]
        seconds, flops = _known(cost.seconds, ",.0f"), _known(cost.flops, ".2e")
        rows.append((cost.arm, str(found.n), *means, f"{found.mean:.4f}", spread, seconds, flops))
    return Table(columns, tuple(rows), frozenset(range(1, len(columns))))


def _effects(comparison: Comparison) -> Iterable[Block]:
    rows = tuple(
        (
            effect.arm,
            interval(effect.across_seeds) if len(effect.seeds) > 1 else "one seed",
            interval(effect.across_pictures),
            _p(effect),
            effect.verdict,
        )
        for effect in comparison.effects
    )
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


def _diagnoses(comparison: Comparison) -> tuple[str, ...]:
    arms = comparison.contest.arms
    return tuple(
        f"{arm}: {diagnosis.words}" for arm in arms for diagnosis in comparison.diagnoses(arm)[:1]
    )


def _classes(comparison: Comparison, effect: Effect) -> Table:
    rows = tuple(
        (name, f"{before:.4f}", interval(estimate))
        for name, before, estimate in class_effects(comparison.contest, effect.arm)
    )
    noise = "seeds" if len(effect.seeds) > 1 else "test pictures"
    title = f"by class, points [95 % interval over {noise}, not corrected for their number]"
    return Table(("class", comparison.contest.arms[0], effect.arm), rows, frozenset({1}), title)


def _p(effect: Effect) -> str:
    if len(effect.seeds) == 1:
        return f"{effect.tests[0].p:.2g}"
    return _known(effect.p_adjusted, ".2g")


def _mean(values: list[float]) -> str:
    return f"{sum(values) / len(values):.4f}" if values else UNKNOWN


def _known(value: float, form: str) -> str:
    return UNKNOWN if math.isnan(value) else format(value, form)
