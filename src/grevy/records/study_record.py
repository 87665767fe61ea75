"""study.json, typed: what a study asks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from grevy.recipes.migrate import recorded_recipe
from grevy.recipes.schema import Recipe
from grevy.records.migrate import study_as_today
from grevy.records.read import corrupt, read_json, read_record
from grevy.records.record import Count, FileRecord

BASELINE = "baseline"
"""Name of the arm that the others are compared with."""


class StudyRecord(FileRecord):
    """All of study.json."""

    where: str
    """The image data, as `grevy train` takes it."""

    arms: dict[str, dict[str, Any]]
    """A recipe with all fields that are read for each arm, the first of them `baseline`."""

    seeds: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Every arm is trained with each."""

    margin: Annotated[float, Field(gt=0.0, lt=1.0)]
    """Accuracies that differ by less are equal for practical purposes."""

    sources: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of each file of the user's own, by name: runs with another one are not compared."""

    @field_validator("arms")
    @classmethod
    def _has_a_baseline(cls, arms: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        if BASELINE not in arms:
            raise ValueError(f"should have a {BASELINE}")
        return arms

    def load_arms(self) -> dict[str, Recipe]:
        """The recipes that are trained.

        Raises:
            RecipeError: one has fields or values that this Grevy does not know.
        """
        return {name: recorded_recipe(recipe) for name, recipe in self.arms.items()}


def study_file(folder: Path) -> Path:
    """study.json of a study's folder."""
    return folder / "study.json"


def read_study(folder: Path) -> StudyRecord | None:
    """What the study in a folder asks; None where there is none.

    Raises:
        CorruptRecordError: its study.json can't be read; the field is named.
    """
    try:
        return read_record(study_file(folder), StudyRecord, study_as_today)
    except FileNotFoundError:
        return None


def read_failure(path: Path) -> dict[str, Any]:
    """Why a run of a study failed before it had a record: `arm`, `seed`, `received` and more.

    Raises:
        CorruptRecordError: it is not what the study wrote.
    """
    try:
        facts = read_json(path)
    except FileNotFoundError:
        raise corrupt(path, "is gone") from None
    kinds = {"arm": str, "seed": int, "received": str}
    if not isinstance(facts, dict):
        raise corrupt(path, "holds no fields")
    if lacking := [n for n, kind in kinds.items() if not isinstance(facts.get(n), kind)]:
        raise corrupt(path, f"lacks {', '.join(lacking)}")
    return facts
