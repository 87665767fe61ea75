"""A process that is missing has a name, and one that is slow is waited for."""

from __future__ import annotations

import threading
import time

import pytest
from torch.distributed import HashStore

from grevy.errors import ProcessMissingError
from grevy.training import pulse as pulse_module
from grevy.training.distributed import World
from grevy.training.pulse import Pulse


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BEAT": 0.05, "SILENT": 0.4, "GONE": 0.8, "SETTLE": 0.5}.items():
        monkeypatch.setattr(pulse_module, f"{name}_SECONDS", value)


def test_a_slow_process_is_waited_for() -> None:
    store = HashStore()
    one, other = Pulse(store, 0, 2), Pulse(store, 1, 2)

    def come_late() -> None:
        with other.beating():
            time.sleep(1.5)
            other.meet()

    thread = threading.Thread(target=come_late)
    thread.start()
    with one.beating():
        one.meet()
    thread.join()


def test_a_silent_process_is_told_of_and_then_missed(capsys: pytest.CaptureFixture[str]) -> None:
    store = HashStore()
    store.set("grevy/name/1", "77 on there")
    one = Pulse(store, 0, 2)
    missing = pytest.raises(ProcessMissingError, match=r"process 1 \(77 on there\) of 2 is missing")
    with missing, one.beating():
        one.meet()
    assert "process 1 (77 on there) of 2 has not been heard of" in capsys.readouterr().err


def test_a_process_that_ended_takes_its_reason_along() -> None:
    store = HashStore()
    one, other = Pulse(store, 0, 2), Pulse(store, 1, 2)
    with pytest.raises(OSError, match="disk"), other.beating():
        raise OSError("the disk is full")
    with pytest.raises(ProcessMissingError, match=r"process 1 .* ended \(the disk is full\)"):
        one.meet()


@pytest.mark.parametrize("words", ["[gloo/pair.cc] Connection closed by peer", "Timed out waiting"])
def test_a_broken_connection_becomes_a_name(words: str) -> None:
    world = World(0, 2, Pulse(HashStore(), 0, 2))
    with (
        pytest.raises(ProcessMissingError, match="process 1 of 2 is missing"),
        world.missing_named(),
    ):
        raise RuntimeError(words)


def test_another_error_stays_itself() -> None:
    world = World(0, 2, Pulse(HashStore(), 0, 2))
    with pytest.raises(RuntimeError, match="shapes"), world.missing_named():
        raise RuntimeError("shapes differ")
