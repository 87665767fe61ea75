"""A comparison as a source of values: arms, effects, verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grevy.documents.blocks import Origin
from grevy.documents.forms import Number
from grevy.documents.paths import field
from grevy.records.results import Results
from grevy.records.study_record import read_study
from grevy.reports.sources.files import files_of_run, sha256_of
from grevy.studies.compare import Comparison, compare
from grevy.studies.contestants import Contestant
from grevy.studies.effects import Effect, class_effects
from grevy.studies.statistics import Estimate, t_interval
from grevy.studies.study import MARGIN

SPLITS = ("train", "validation")


@dataclass(frozen=True)
class ComparisonSource:
    """Several runs that are compared, from their predictions.

    Attributes:
        name: "comparison", or how the study's folder is called.
        places: as they were named.
        comparison: of them.
    """

    name: str
    places: tuple[str, ...]
    comparison: Comparison

    @cached_property
    def numbers(self) -> Mapping[str, Number]:
        """Every field; all is computed."""
        return dict(_fields(self.comparison))

    def origin(self) -> Origin:
        """Places, the files of all runs, and what is compared."""
        contestants = self.comparison.contest.contestants
        files = tuple(pair for contestant in contestants for pair in _files(contestant))
        asked = {
            "arms": self.comparison.contest.arms,
            "margin": self.comparison.margin,
            "runs": [
                {"arm": c.arm, "seed": c.seed, "run": c.source.as_posix()} for c in contestants
            ],
        }
        content = json.dumps(asked, ensure_ascii=False, sort_keys=True)
        return Origin(self.name, self.places, files, content)


def comparison_of(places: Sequence[str], baseline: str | None = None) -> Comparison:
    """All places compared, with a study's own margin where one has it.

    Args:
        places: as `compare` takes them.
        baseline: the arm that the others are compared with; None: as `compare` finds it.

    Raises:
        GrevyError: as `compare`.
    """
    studies = [study for place in places if (study := read_study(Path(place)))]
    margins = {study.margin for study in studies}
    margin = margins.pop() if len(margins) == 1 else MARGIN
    return compare(places, baseline=baseline, margin=margin)


def _files(contestant: Contestant) -> Iterator[tuple[str, str]]:
    """Of a run its logs and predictions; else the file that somebody brought."""
    source = contestant.source.as_posix()
    if contestant.record is None:
        yield source, sha256_of(contestant.source)
        return
    for file, sha256 in files_of_run(contestant.directory):
        yield f"{source}/{file}", sha256


def _fields(comparison: Comparison) -> Iterator[tuple[str, Number]]:
    contest = comparison.contest
    yield "baseline", contest.arms[0]
    yield "margin", comparison.margin
    yield "pictures", len(contest.contestants[0].right_N)
    for cost in comparison.costs:
        yield from _estimate(comparison.accuracy(cost.arm), "arms", cost.arm, "test")
        for split in SPLITS:
            if found := comparison.accuracies(cost.arm, split):
                yield from _estimate(t_interval(found), "arms", cost.arm, split)
        if steps := [r.steps for r in _results(comparison, cost.arm)]:
            yield from _estimate(t_interval(steps), "arms", cost.arm, "steps")
        yield field("arms", cost.arm, "seconds"), cost.seconds
        yield field("arms", cost.arm, "flops"), cost.flops
    for effect in comparison.effects:
        yield from _effect(comparison, effect)


def _effect(comparison: Comparison, effect: Effect) -> Iterator[tuple[str, Number]]:
    place = ("effects", effect.arm)
    yield from _estimate(effect.across_seeds, *place)
    yield from _estimate(effect.across_pictures, *place, "pictures")
    yield field(*place, "p"), effect.tests[0].p if len(effect.seeds) == 1 else effect.p
    yield field(*place, "p_corrected"), effect.p_adjusted
    yield field(*place, "verdict"), effect.verdict
    if effect.seeds:
        for name, before, estimate in class_effects(comparison.contest, effect.arm):
            yield field(*place, "classes", name, "baseline"), before
            yield from _estimate(estimate, *place, "classes", name)


def _estimate(estimate: Estimate, *place: str) -> Iterator[tuple[str, Number]]:
    for name in ("mean", "low", "high", "standard_deviation", "n"):
        yield field(*place, name), getattr(estimate, name)


def _results(comparison: Comparison, arm: str) -> list[Results]:
    found = (c.record.results for c in comparison.contest.of(arm) if c.record)
    return [results for results in found if results]
