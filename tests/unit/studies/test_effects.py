"""Verdicts, pairing by seed, and what a comparison refuses."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from grevy.errors import DifferentDataError, PredictionsFileError, RunNotFoundError, UsageError
from grevy.studies.compare import Comparison, compare
from grevy.studies.contestants import Contest, Contestant
from grevy.studies.effects import Effect, class_effects, effects_of

N = 2_000
LABELS_N = np.arange(N) % 4


def contestant(arm: str, seed: int, accuracy: float, noise: float = 0.02) -> Contestant:
    """Right on round(accuracy × N) pictures, some of them by luck."""
    random = np.random.default_rng([seed, len(arm)])
    order_N = np.argsort(np.arange(N) + noise * N * random.normal(size=N), kind="stable")
    right_N = np.zeros(N, bool)
    right_N[order_N[: round(accuracy * N)]] = True
    ids = tuple(map(str, range(N)))
    return Contestant(Path(f"{arm}-{seed}"), arm, seed, right_N, LABELS_N, ids, tuple("abcd"))


def effect(before: list[float], after: list[float], margin: float = 0.005) -> Effect:
    runs = [contestant("baseline", s, a) for s, a in enumerate(before)]
    runs += [contestant("arm", s, a) for s, a in enumerate(after)]
    return effects_of(Contest(("baseline", "arm"), tuple(runs), ()), margin)[0]


def test_a_clear_gain_is_better_and_a_clear_loss_worse() -> None:
    gain = effect([0.70, 0.71, 0.69], [0.76, 0.77, 0.748])
    assert gain.kind == "better"
    assert gain.verdict == "better"
    assert gain.across_seeds.mean == pytest.approx(0.0593333, abs=1e-6)
    assert effect([0.70, 0.71, 0.69], [0.64, 0.65, 0.632]).kind == "worse"


def test_no_effect_is_equivalent_within_the_margin_only_if_it_is_known_well() -> None:
    close = effect([0.70, 0.71, 0.69], [0.7005, 0.7105, 0.6895])
    assert close.kind == "equivalent"
    assert close.verdict == "equivalent within ±0.5 points"
    wide = effect([0.70, 0.71, 0.69], [0.72, 0.69, 0.69])
    assert wide.kind == "open"
    assert wide.verdict.startswith("not distinguishable with 3 seeds; ")


def test_seeds_that_would_settle_it_are_enough_by_the_power_of_the_test() -> None:
    from grevy.studies.statistics import power_of

    found = effect([0.70, 0.71, 0.69], [0.715, 0.713, 0.70])
    assert found.kind == "open"
    size = found.across_seeds.mean / found.across_seeds.standard_deviation
    assert found.seeds_to_settle is not None
    assert power_of(size, found.seeds_to_settle) >= 0.8 > power_of(size, found.seeds_to_settle - 1)


def test_one_seed_claims_nothing_about_training_again() -> None:
    found = effect([0.70], [0.80])
    assert found.kind == "open"
    assert math.isnan(found.p)
    assert "one seed can't tell" in found.verdict
    assert "within the noise" in effect([0.70], [0.7005]).verdict


def test_many_arms_are_corrected_for_and_the_verdict_says_so() -> None:
    names = [f"arm{'x' * i}" for i in range(6)]
    runs = [contestant("baseline", s, a) for s, a in enumerate([0.70, 0.71, 0.69])]
    for name in names:
        runs += [contestant(name, s, a) for s, a in enumerate([0.72, 0.7375, 0.7050])]
    found = effects_of(Contest(("baseline", *names), tuple(runs), ()), 0.005)
    assert all(f.p < 0.05 < f.p_adjusted for f in found)
    assert "not once corrected for 6 comparisons" in found[0].verdict


def test_only_seeds_that_both_have_are_compared() -> None:
    runs = [contestant("baseline", s, 0.7) for s in (0, 1, 2)]
    runs += [contestant("arm", s, 0.75) for s in (1, 2, 3)]
    found = effects_of(Contest(("baseline", "arm"), tuple(runs), ()), 0.005)[0]
    assert found.seeds == (1, 2)
    alone = [contestant("baseline", s, 0.7) for s in (0, 1)] + [contestant("arm", 5, 0.8)]
    none = effects_of(Contest(("baseline", "arm"), tuple(alone), ()), 0.005)[0]
    assert none.seeds == ()
    assert none.verdict == "no seed with which both are finished"


def test_effects_by_class_add_up_to_the_whole() -> None:
    runs = [contestant("baseline", s, 0.7) for s in (0, 1)]
    runs += [contestant("arm", s, 0.75) for s in (0, 1)]
    contest = Contest(("baseline", "arm"), tuple(runs), ())
    rows = class_effects(contest, "arm")
    assert [name for name, _, _ in rows] == list("abcd")
    assert np.mean([e.mean for _, _, e in rows]) == pytest.approx(0.05, abs=1e-9)


def test_flipped_pictures_are_those_that_changed() -> None:
    before, after = contestant("baseline", 0, 0.7), contestant("arm", 0, 0.75)
    contest = Contest(("baseline", "arm"), (before, after), ())
    found = Comparison(contest, (), (), 0.005).flipped("arm")
    assert set(found.turned_right) == set(np.flatnonzero(after.right_N & ~before.right_N))
    assert set(found.turned_wrong) == set(np.flatnonzero(before.right_N & ~after.right_N))


def write_csv(path: Path, rows: list[tuple[str, str, str]]) -> str:
    lines = ["id,label,prediction", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


ROWS = [("p1", "cat", "cat"), ("p2", "dog", "cat"), ("p3", "dog", "dog"), ("p4", "cat", "dog")]


def test_files_of_others_are_paired_by_id_in_any_order(tmp_path: Path) -> None:
    mine = write_csv(tmp_path / "mine-seed0.csv", ROWS)
    better = [(i, label, label) for i, label, _ in reversed(ROWS)]
    other = write_csv(tmp_path / "other-seed0.csv", better)
    found = compare([mine, other])
    assert found.contest.arms == ("mine", "other")
    assert found.effects[0].across_seeds.mean == 0.5
    assert found.effects[0].tests[0].only_second == 2
    assert found.flipped("other").turned_wrong == ()


def test_npz_with_logits_and_csv_with_numbers(tmp_path: Path) -> None:
    logits = np.array([[2.0, 1.0], [0.0, 1.0], [3.0, 1.0]])
    np.savez(tmp_path / "a.npz", logits=logits, labels=[0, 1, 1])
    (tmp_path / "b.csv").write_text("y_true,y_pred\n0,0\n1,1\n1,1\n")
    places = [f"first={tmp_path / 'a.npz'}", str(tmp_path / "b.csv")]
    found = compare(places, same_order=True)
    assert found.contest.arms == ("first", "b")
    assert found.accuracy("first").mean == pytest.approx(2 / 3)
    assert found.accuracy("b").mean == 1.0


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ("id,label\np1,cat\n", PredictionsFileError, "label and prediction"),
        ("id,label,prediction\n", PredictionsFileError, "nothing known"),
        ("id,label,prediction\np1,cat\n", PredictionsFileError, "fewer cells"),
        ("label,prediction\ncat,cow\ndog,cat\n", PredictionsFileError, "'cow'"),
        ("id,label,prediction\np1,cat,cat\np1,dog,dog\n", PredictionsFileError, "id twice"),
        ("label,prediction\ncat,cat\ndog,dog\n", DifferentDataError, "2 and 4 pictures"),
        ("id,label,prediction\nq1,cat,cat\nq2,dog,dog\n", DifferentDataError, "lacks 4 of the 4"),
        ("id,label,prediction\np1,hen,hen\np2,fox,fox\n", DifferentDataError, "fox, hen"),
    ],
)
def test_files_that_can_t_be_compared_are_refused(
    tmp_path: Path, content: str, error: type[Exception], words: str
) -> None:
    mine = write_csv(tmp_path / "mine.csv", ROWS)
    (tmp_path / "other.csv").write_text(content)
    with pytest.raises(error, match=words):
        compare([mine, str(tmp_path / "other.csv")])


def test_places_that_give_nothing_to_compare(tmp_path: Path) -> None:
    mine = write_csv(tmp_path / "mine.csv", ROWS)
    with pytest.raises(RunNotFoundError, match="no run at"):
        compare([mine, str(tmp_path / "nothing")])
    with pytest.raises(UsageError, match="one recipe only"):
        compare([mine])
    with pytest.raises(UsageError, match="both mine with seed None"):
        compare([mine, mine, f"b={mine}"])
    with pytest.raises(UsageError, match="no arm 'x'"):
        compare([mine, f"b={mine}"], baseline="x")
