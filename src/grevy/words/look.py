"""The view that the words of `grevy look` ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grevy.words.layers import parse_shape
from grevy.words.look_arguments import LookArguments, settings_in

if TYPE_CHECKING:
    from grevy.inspection.view import View


def view_of(arguments: LookArguments) -> View:
    """The view; errors as `grevy.look`."""
    from grevy.inspection.look import look

    return look(
        list(arguments.picture) or None,
        **network_of(arguments),
        other=arguments.other,
        other_snapshot=arguments.other_snapshot,
        method=arguments.method or None,
        unit=arguments.unit or None,
        map=arguments.map or None,
        data=arguments.data,
        plugin=arguments.plugin,
        trust_source=arguments.trust_source,
        fetch=arguments.fetch,
        **settings_in(arguments),
    )


def network_of(arguments: LookArguments) -> dict[str, Any]:
    """What is looked into, as `look` takes it."""
    return {
        "run": arguments.run,
        "model": arguments.model or None,
        "weights": arguments.weights,
        "pretrained": arguments.pretrained,
        "partial": arguments.partial,
        "which": arguments.which,
        "input_shape": parse_shape(arguments.input) if arguments.input else None,
        "classes": arguments.classes,
        "snapshot": arguments.snapshot,
    }
