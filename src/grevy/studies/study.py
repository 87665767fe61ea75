"""What a study asks: one baseline, arms that change it, seeds, image data."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from grevy.errors import SameArmsError, StudyFileError
from grevy.recipes.changes import changed, parse_changes, same_training
from grevy.recipes.config import Config
from grevy.recipes.fields import default_of
from grevy.recipes.load import load_recipe
from grevy.recipes.plain import misshapen
from grevy.recipes.ranges import LARGEST_SEED
from grevy.recipes.read_yaml import read_fields, read_text
from grevy.recipes.schema import Recipe
from grevy.recipes.short_names import full_field
from grevy.recipes.shown import shown
from grevy.records.study_record import BASELINE, StudyRecord

BASE = "base"
"""The baseline's recipe where none is named."""
SEEDS = 5
MOST_SEEDS = 1_000
MOST_ARMS = 1_000
MARGIN = 0.005


@dataclass(frozen=True)
class Arm:
    """One thing to compare: a name and the recipe that is trained."""

    name: str
    recipe: Recipe


@dataclass(frozen=True)
class Study:
    """A question, complete.

    Attributes:
        where: image data, as `load_data` takes it by name or path.
        arms: the baseline first.
        seeds: every arm is trained with each.
        margin: accuracies that differ by less are equal for practical purposes; 0.005 is half a
            percentage point.
    """

    where: str
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    margin: float = MARGIN

    @property
    def baseline(self) -> Arm:
        """What the others are compared with."""
        return self.arms[0]

    def to_record(self) -> StudyRecord:
        """For study.json."""
        arms = {arm.name: arm.recipe.effective() for arm in self.arms}
        return StudyRecord(where=self.where, arms=arms, seeds=self.seeds, margin=self.margin)


_Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
_Seeds = Annotated[list[_Seed], Field(min_length=1, max_length=MOST_SEEDS)]


class _StudyFile(Config):
    """The fields of a study's YAML."""

    where: str
    base: str | dict[str, Any] = BASE
    arms: dict[str, str | dict[str, Any]] = Field(default_factory=dict)
    vary: list[str] = Field(default_factory=list)
    drop: list[str] = Field(default_factory=list)
    grid: dict[str, list[Any]] = Field(default_factory=dict)
    seeds: Annotated[int, Field(ge=1, le=MOST_SEEDS)] | _Seeds = SEEDS
    margin: Annotated[float, Field(gt=0.0, lt=1.0)] = MARGIN


def load_study(study: str | Path | Mapping[str, Any]) -> Study:
    """A study from a YAML file or from a mapping with the same fields.

    - `where`: image data; `base`: the baseline's recipe, by name, file or fields (default base)
    - `arms`: a name each, with the fields that it changes, or a whole recipe's name
    - `vary`: one arm for each text such as `norm=batch` or `Adam: optimizer=adam,lr=0.001`
    - `drop`: one arm for each field of the baseline, set back to its default
    - `grid`: values for several fields; every combination that is not the baseline is an arm
    - `seeds`: how many, from 0 on, or a list; `margin`: of practical equality, in accuracy

    Raises:
        StudyFileError: a field that is missing, unknown or of the wrong kind, or no arm at all.
        SameArmsError: two arms, or an arm and the baseline, that train the same.
        RecipeError: a recipe, field or value that does not exist.
    """
    origin = "the study" if isinstance(study, Mapping) else str(study)
    fields = study if isinstance(study, Mapping) else read_study_file(study)
    wrong, expected = misshapen(fields)
    if wrong:
        raise StudyFileError(f"{wrong} in {origin}", expected, "change it")
    try:
        file = _StudyFile.model_validate(fields)
    except ValidationError as error:
        raise _file_error(error, origin) from None
    base = load_recipe(file.base)
    arms = [Arm(BASELINE, base), *_arms(file, base)]
    check_arms(arms)
    seeds = range(file.seeds) if isinstance(file.seeds, int) else dict.fromkeys(file.seeds)
    return Study(file.where, tuple(arms), tuple(seeds), file.margin)


def ask(
    question: str | Path | Mapping[str, Any] | Study,
    *,
    data: str | None = None,
    base: str | Mapping[str, Any] = BASE,
    vary: Sequence[str] = (),
    drop: Sequence[str] = (),
    recipes: Sequence[str] = (),
    seeds: int | None = None,
) -> Study:
    """A study from a file or mapping, or from image data and what is to be varied.

    Args:
        question: a YAML file or a mapping (see `load_study`), a `Study`, or image data.
        data: other image data than a file or mapping names.
        base: the baseline's recipe, where `question` is image data.
        vary: likewise, one arm each: `norm=batch`.
        drop: likewise, a field each that is set back to its default.
        recipes: likewise, a whole recipe each.
        seeds: how many; None: as the question says, or else `SEEDS`.

    Raises:
        StudyFileError: arms beside a study that has its own.
        GrevyError: as `load_study`.
    """
    arms = {"vary": list(vary), "drop": list(drop), "arms": {name: name for name in recipes}}
    changes = {"where": data, "seeds": seeds}
    given = {name: value for name, value in changes.items() if value is not None}
    if isinstance(question, str | Path) and not _is_study_file(question):
        asked = {"where": str(question), "base": base, **arms, "seeds": SEEDS}
        return load_study({**asked, **given})
    if any(arms.values()) or base != BASE:
        raise StudyFileError(
            f"{_called(question)} together with a base, vary, drop or recipes",
            "a study in a file, or in flags and arguments",
            "write the arms into the file",
        )
    if isinstance(question, Study):
        changed_study = replace(question, where=data or question.where)
        return changed_study if seeds is None else replace(changed_study, seeds=_first(seeds))
    own = question if isinstance(question, Mapping) else read_study_file(question)
    return load_study({**own, **given})


def _first(seeds: int) -> tuple[int, ...]:
    if not 1 <= seeds <= MOST_SEEDS:
        raise StudyFileError(f"{shown(seeds)} seeds", f"from 1 to {MOST_SEEDS:,}", "change it")
    return tuple(range(seeds))


def _is_study_file(question: str | Path) -> bool:
    return Path(question).suffix in (".yaml", ".yml")


def _called(question: object) -> str:
    return str(question) if isinstance(question, str | Path) else "a study"


def check_arms(arms: Sequence[Arm]) -> None:
    """Every arm has a name of its own and trains something of its own.

    Raises:
        SameArmsError: it does not.
        StudyFileError: there is nothing besides the baseline.
    """
    if len(arms) < 2:
        raise StudyFileError(
            "a study of the baseline alone", "an arm at least", "add --vary FIELD=VALUE or an arm"
        )
    name, count = Counter(arm.name for arm in arms).most_common(1)[0]
    if count > 1:
        raise SameArmsError(
            f"{count} arms with the name '{name}'", "a name each", "rename or remove all but one"
        )
    for first, second in itertools.combinations(arms, 2):
        if same_training(first.recipe, second.recipe):
            what = "the baseline" if first.name == BASELINE else f"the arm '{first.name}'"
            raise SameArmsError(
                f"the arm '{second.name}', which is the same as {what}",
                "arms that train differently",
                "change or remove it",
            )


def _arms(file: _StudyFile, base: Recipe) -> Iterable[Arm]:
    for name, what in file.arms.items():
        if isinstance(what, str):
            yield Arm(name, load_recipe(what))
        else:
            yield Arm(name, changed(base, what, f"arm '{name}'"))
    for text in file.vary:
        name, changes = parse_changes(text)
        yield Arm(name, changed(base, changes, f"arm '{name}'"))
    for field in file.drop:
        yield Arm(f"without {field}", _without(base, field))
    fields = [full_field(field) for field in file.grid]
    count = math.prod(map(len, file.grid.values())) + len(file.arms) + len(file.vary)
    if count > MOST_ARMS:
        raise StudyFileError(f"{count:,} arms", f"at most {MOST_ARMS:,}", "vary fewer fields")
    for values in itertools.product(*file.grid.values()) if file.grid else ():
        name = ", ".join(f"{f}={v}" for f, v in zip(file.grid, values, strict=True))
        recipe = changed(base, dict(zip(fields, values, strict=True)), f"arm '{name}'")
        if not same_training(recipe, base):  # that point of the grid is the baseline
            yield Arm(name, recipe)


def _without(base: Recipe, field: str) -> Recipe:
    name = full_field(field)
    return changed(base, {name: default_of(base, name)}, f"drop '{field}'")


def read_study_file(path: str | Path) -> Mapping[str, Any]:
    """The fields of a study's YAML, unchecked.

    Raises:
        StudyFileError: not there, not YAML, or no fields.
    """
    try:
        text = read_text(path, StudyFileError)
    except OSError as error:
        why = error.strerror or "no such file"
        raise StudyFileError(
            f"{shown(str(path))} can't be read ({why})", "a YAML file", "check it"
        ) from None
    return read_fields(text, str(path), StudyFileError)


def _file_error(error: ValidationError, origin: str) -> StudyFileError:
    problem = error.errors(include_url=False, include_context=False)[0]
    field = str(problem["loc"][0])  # what follows are kinds of values and positions
    fields = ", ".join(_StudyFile.model_fields)
    if problem["type"] == "extra_forbidden":
        return StudyFileError(f"'{field}' in {origin}", f"one of {fields}", "correct the name")
    if problem["type"] == "missing":
        return StudyFileError(f"{origin} without '{field}'", "one", f"add `{field}: ...`")
    said = problem["msg"].replace("Input should be ", "")
    return StudyFileError(
        f"{field} = {shown(problem['input'])} in {origin}", said, "change the value"
    )
