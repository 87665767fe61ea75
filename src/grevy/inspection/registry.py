"""Inspectors by name: what each reads and needs, and where it is. No torch is loaded for that.

This file is the contract. An inspector is a function that is called with what it needs, in the
order of `Need`, and then with its settings; it leaves the network as it was found and returns a
view (`inspection/view.py`):

    look(classifier, pictures, settings) -> View

The flags of `grevy look`, the keywords of `grevy.look`, their help and the battery
(`testing/inspectors.py`) are made from what is registered here.
"""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, Literal, TypeVar, cast, get_args

from pydantic import ValidationError

from grevy.errors import InputError, UsageError
from grevy.inspection.settings import Settings
from grevy.recipes.parts import load_entry_points
from grevy.recipes.registered import add, all_in, collecting
from grevy.recipes.shown import cut, shown

Need = Literal["network", "picture", "data", "predictions"]
"""network: a `Classifier`. picture: what `Classifier.prepare` takes. data: a split of the run's
own data, as `Examples`. predictions: what the run recorded of that split, as
`RecordedPredictions`."""

ENTRY_POINTS = "grevy.inspectors"
"""The group in which an installed package names its inspectors: modules that register them."""

Look = Callable[..., Any]
AnyLook = TypeVar("AnyLook", bound=Look)


@dataclass(frozen=True)
class Inspector:
    """One way to look.

    Attributes:
        name: of `--method`, with hyphens.
        summary: one line for the help.
        settings: what it reads; `split` decides which data and predictions it is called with.
        needs: what it is called with, in the order of `Need`.
        function: it, or its dotted name "package.module:function", imported at first use.
        compares: its views have `sharing`, `values`, `sheet` and `choices` (`Comparable` in
            `inspection/difference.py`), so that two networks can be shown side by side.
        trial: settings with which the battery tries it: quick ones, and those without a default.
    """

    name: str
    summary: str
    settings: type[Settings]
    needs: tuple[Need, ...]
    function: Look | str
    compares: bool = False
    trial: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        order = [need for need in get_args(Need) if need in self.needs]
        if list(self.needs) != order:
            raise InputError(
                f"inspector '{self.name}' with needs {', '.join(self.needs)}",
                f"some of {', '.join(get_args(Need))}, in this order",
                "change its needs",
            )

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of its settings."""
        return tuple(self.settings.model_fields)

    @property
    def look(self) -> Look:
        """The function, imported now if it was named."""
        if not isinstance(self.function, str):
            return self.function
        module, _, name = self.function.partition(":")
        return cast(Look, getattr(import_module(module), name))

    def read(self, given: Mapping[str, Any]) -> Settings:
        """Its settings from values, or from texts of the command line.

        Raises:
            InputError: a value that a field does not take, or one without a default is missing.
        """
        try:
            return self.settings(**given)
        except ValidationError as error:
            raise _value_error(self, error) from None


WORDS_OF_LOOK = frozenset(
    {
        *("run", "model", "weights", "pretrained", "partial", "which", "input", "input_shape"),
        *("classes", "snapshot", "other", "other_snapshot", "picture", "pictures", "data"),
        *(
            "method",
            "unit",
            "map",
            "plugin",
            "trust_source",
            "fetch",
            "page",
            "list",
            "out",
            "json",
        ),
    }
)
"""What `grevy.look` and `grevy look` take themselves; `layer` goes to whichever inspector reads
it."""

_registered: dict[str, Inspector] = {}


def register(inspector: Inspector) -> Inspector:
    """Make it known by its name; registering a name again replaces it.

    Raises:
        InputError: a setting with a name that `look` has for something else.
    """
    for setting in inspector.fields:
        if setting in WORDS_OF_LOOK:
            raise InputError(
                f"inspector '{inspector.name}' with the setting '{setting}'",
                f"a name that look does not take itself, as it does {setting}",
                "rename the setting",
            )
    add(_registered, inspector.name, inspector)
    return inspector


def register_inspector(
    name: str,
    *,
    settings: type[Settings] = Settings,
    needs: Sequence[Need] = ("network", "picture"),
    summary: str = "",
    compares: bool = False,
    trial: Mapping[str, Any] | None = None,
) -> Callable[[AnyLook], AnyLook]:
    """Decorator that makes a function known as an inspector; arguments as of `Inspector`.

    The function is called with what it needs and its settings, and returns a view. Without a
    summary the first line of its docstring is taken. `grevy.testing.check_inspector(name)` holds
    it to what all must do.

    Raises:
        InputError: needs in another order, or a setting with a name that `look` has for something
            else.

    Example:
        class Settings(grevy.InspectorSettings):
            width: int = 3
            # a text under it is its help

        @grevy.register_inspector("ring", settings=Settings)
        def look(classifier, pictures, settings): ...
    """

    def known(function: AnyLook) -> AnyLook:
        _find_ours()  # or ours would take the name back later
        told = summary or next(iter((function.__doc__ or "").strip().splitlines()), "")
        register(
            Inspector(name, told, settings, tuple(needs), function, compares, dict(trial or {}))
        )
        return function

    return known


def inspectors() -> tuple[Inspector, ...]:
    """All that are known, by name: ours, those of installed packages, and those of this program.

    Raises:
        PartError: an installed package whose inspectors can't be loaded.
    """
    _find_ours()
    _find_installed()
    return tuple(inspector for _, inspector in sorted(all_in(_registered).items()))


def find(name: str) -> Inspector:
    """The inspector of that name.

    Raises:
        UsageError: there is none.
    """
    known = {inspector.name: inspector for inspector in inspectors()}
    if name not in known:
        raise UsageError(f"no method '{name}'", f"one of {', '.join(known)}", "check the spelling")
    return known[name]


def readers(setting: str) -> tuple[str, ...]:
    """Names of the inspectors that read a setting."""
    return tuple(i.name for i in inspectors() if setting in i.fields)


def flag(setting: str) -> str:
    """How a setting is written on the command line."""
    return "--class" if setting == "class_name" else f"--{setting}".replace("_", "-")


def require_read(inspector: Inspector, given: Mapping[str, Any], asked: str) -> None:
    """Refuse what would say nothing, rather than leave it out in silence.

    Args:
        inspector: that was chosen.
        given: settings by name.
        asked: how it was chosen, as in "with --method gradcam".

    Raises:
        UsageError: a setting that it does not read; those that do are named.
    """
    for name in given:
        if name in inspector.fields:
            continue
        others = readers(name)
        if not others:
            known = sorted({each for i in inspectors() for each in i.fields})
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or known
            raise UsageError(f"no setting '{name}'", f"one of {', '.join(near)}", "correct it")
        own = ", ".join(map(flag, inspector.fields)) or "no setting"
        raise UsageError(
            f"{flag(name)} {asked}",
            f"what {inspector.name} reads: {own}",
            f"leave it out; {flag(name)} is read by {', '.join(others)}",
        )


@cache
def _find_ours() -> None:
    """Each file in `inspection/inspectors/` registers what it declares."""
    with collecting(None):  # also while a plugin is run
        folder = import_module("grevy.inspection.inspectors")
        for module in pkgutil.iter_modules(folder.__path__):
            import_module(f"{folder.__name__}.{module.name}")


@cache
def _find_installed() -> None:
    load_entry_points(ENTRY_POINTS)


def _value_error(inspector: Inspector, error: ValidationError) -> InputError:
    """The first complaint of pydantic as one line."""
    first = error.errors()[0]
    name = flag(str(first["loc"][0])) if first["loc"] else inspector.name
    if first["type"] == "missing":
        return UsageError(f"{inspector.name} without {name}", "one", f"give {name}")
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    message = message.replace("'", "")
    given = first["input"]
    text = cut(given) if isinstance(given, str) else shown(given)
    return InputError(f"{name} {text}", message, f"change {name}")
