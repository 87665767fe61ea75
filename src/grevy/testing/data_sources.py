"""The battery of data sources."""

from __future__ import annotations

from grevy.data.load import load_data
from grevy.recipes.parts import all_parts
from grevy.testing.promises import Promises


def check_data_source(place: str) -> None:
    """Hold a registered data source to what training asks of one, at a place that it recognises.

    It is the only one that recognises it; its pictures are what `load_data` takes, with a train
    split and two classes at least, and the same each time.

    Raises:
        PartError: a promise is broken; which one.
        DataError: pictures or labels that can't be used.
    """
    parts = all_parts("data source").values()
    own = [part.name for part in parts if part.recognises and part.recognises(place)]
    promises = Promises("data source", own[0] if own else place)
    promises.require(bool(own), "recognises nothing there")
    promises.require(len(own) == 1, f"and {', '.join(own[1:])} both recognise {place}")
    one, other = load_data(place), load_data(place)
    promises.require(one.fingerprint == other.fingerprint, "gives other pictures the second time")
    promises.require(one.where == place, "is not recorded under its place")
