"""Every registered inspector passes the battery on every network; none is named here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grevy.inspection.registry import find, inspectors
from grevy.testing.inspectors import CHECKS, Trial
from grevy.testing.networks import NETWORKS, classifier_in_work


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", [inspector.name for inspector in inspectors()])
def test_every_inspector(name: str, network: str, check: Callable[[Trial], None]) -> None:
    check(Trial(find(name), classifier_in_work(network)))
