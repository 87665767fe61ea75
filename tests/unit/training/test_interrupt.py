"""The first signal is a wish, the second breaks off, and the record is never left in between."""

from __future__ import annotations

import os
import signal

import pytest

from grevy.errors import SourceFaultError
from grevy.training.interrupt import Interrupt, ends_shown, watch_interrupt


def test_the_first_time_only_a_flag_is_set() -> None:
    with watch_interrupt() as interrupt, interrupt.at_once:
        os.kill(os.getpid(), signal.SIGHUP)
        assert interrupt.requested


def test_the_second_time_breaks_off_inside_and_every_further_time_too() -> None:
    interrupt = Interrupt()
    interrupt.request(signal.SIGINT, None)
    with interrupt.at_once:
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                interrupt.request(signal.SIGTERM, None)


def test_twice_before_it_may_break_off_is_remembered() -> None:
    interrupt = Interrupt()
    interrupt.request(signal.SIGINT, None)
    interrupt.request(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt), interrupt.at_once:
        pytest.fail("it goes on though it was asked to stop twice")
    interrupt.request(signal.SIGINT, None)


def test_while_the_end_is_written_no_signal_breaks_in() -> None:
    with watch_interrupt() as interrupt:
        try:
            with interrupt.at_once:
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)
                pytest.fail("the second one did not break off")
        except KeyboardInterrupt:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with watch_interrupt() as interrupt:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not interrupt.requested
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_part_that_ends_the_program_is_an_error_and_no_end() -> None:
    with pytest.raises(SourceFaultError, match=r"sys.exit\(0\)"), ends_shown():
        raise SystemExit(0)
