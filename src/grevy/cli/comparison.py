"""A comparison on the screen: what `grevy compare` and `grevy study` print."""

from __future__ import annotations

import math
from pathlib import Path

from grevy.cli.output import Output
from grevy.studies.compare import Comparison
from grevy.studies.effects import Effect, class_effects
from grevy.studies.statistics import Estimate


def tell_comparison(comparison: Comparison, output: Output) -> None:
    """Arms, effects with both kinds of noise and verdicts, fit in words, what failed."""
    _tell_arms(comparison, output)
    output.line()
    _tell_effects(comparison, output)
    output.line()
    for arm in comparison.field.arms:
        for fit in comparison.fits(arm)[:1]:
            output.line(f"{arm}: {fit.words}")
    if len(comparison.effects) == 1:
        _tell_classes(comparison, comparison.effects[0], output)
    for failed in comparison.field.failed:
        output.line(f"not compared: {failed.arm}, seed {failed.seed} ({failed.why})")


def tell_figures(paths: list[Path], output: Output) -> None:
    """Where the figures lie."""
    for path in paths:
        output.line(f"figure   {path}")


def interval(estimate: Estimate) -> str:
    """`+2.3 [+1.1, +3.5]` in percentage points."""
    mean = f"{100 * estimate.mean:+.2f}"
    if math.isnan(estimate.low):
        return mean
    if estimate.low == estimate.high:
        return f"{mean} (the same with every seed)"
    return f"{mean} [{100 * estimate.low:+.2f}, {100 * estimate.high:+.2f}]"


def _tell_arms(comparison: Comparison, output: Output) -> None:
    rows = []
    for cost in comparison.costs:
        found = comparison.accuracy(cost.arm)
        spread = "–" if found.n < 2 else f"±{100 * found.standard_deviation:.2f}"
        splits = [comparison.accuracies(cost.arm, split) for split in ("train", "validation")]
        means = [f"{sum(s) / len(s):.4f}" if s else "–" for s in splits]
        seconds = "–" if math.isnan(cost.seconds) else f"{cost.seconds:,.0f}"
        flops = "–" if math.isnan(cost.flops) else f"{cost.flops:.2e}"
        rows.append((cost.arm, found.n, *means, f"{found.mean:.4f}", spread, seconds, flops))
    columns = ("arm", "seeds", "train", "validation", "test", "deviation", "seconds", "FLOPs")
    output.table(columns, rows)


def _tell_effects(comparison: Comparison, output: Output) -> None:
    rows = [
        (
            effect.arm,
            interval(effect.across_seeds) if len(effect.seeds) > 1 else "one seed",
            interval(effect.across_pictures),
            _p(effect),
            effect.verdict,
        )
        for effect in comparison.effects
    ]
    baseline = comparison.field.arms[0]
    output.line(f"effect on test accuracy against {baseline}, points [95 % interval]")
    output.table(("arm", "over seeds", "over pictures", "p", "verdict"), rows)
    if any(len(effect.seeds) > 1 for effect in comparison.effects):
        output.line("p: paired t test over seeds, Holm's correction for the number of arms")
    if any(len(effect.seeds) == 1 for effect in comparison.effects):
        output.line(
            "one seed: p is McNemar's exact test over the test pictures; how much training again"
            " would change, nobody knows"
        )


def _p(effect: Effect) -> str:
    if len(effect.seeds) == 1:
        return f"{effect.tests[0].p:.2g}"
    return "–" if math.isnan(effect.p_adjusted) else f"{effect.p_adjusted:.2g}"


def _tell_classes(comparison: Comparison, effect: Effect, output: Output) -> None:
    rows = [
        (name, before, interval(estimate))
        for name, before, estimate in class_effects(comparison.field, effect.arm)
    ]
    noise = "seeds" if len(effect.seeds) > 1 else "test pictures"
    output.line()
    output.line(f"by class, points [95 % interval over {noise}, not corrected for their number]")
    output.table(("class", comparison.field.arms[0], effect.arm), rows)
