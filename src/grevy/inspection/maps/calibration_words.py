"""What the numbers of a calibration say in sentences, and what their noise forbids to say."""

from __future__ import annotations

from collections.abc import Mapping

from grevy.figures.numerals import numeral

LEVEL = 0.05
"""Chance may give a sentence on sureness so often."""

Numbers = Mapping[str, float]
"""As `CalibrationView.numbers`."""


def sureness(n: Numbers) -> int:
    """1 where the network is too sure on average, −1 where not sure enough, 0 where chance may be.

    Args:
        n: accuracy, mean_confidence and mean_confidence_p.
    """
    gap = n["mean_confidence"] - n["accuracy"]
    return 0 if n["mean_confidence_p"] >= LEVEL or gap == 0 else (1 if gap > 0 else -1)


def cooling(n: Numbers) -> int:
    """1 where the temperature makes less sure, −1 where surer, 0 where it may be 1.

    Args:
        n: temperature_low and temperature_high.
    """
    return int(n["temperature_low"] > 1) - int(n["temperature_high"] < 1)


def about_sureness(n: Numbers) -> str:
    """How often it is right beside how sure it is, and whether that differs beyond noise."""
    points = 100 * abs(n["mean_confidence"] - n["accuracy"])
    chance = n["mean_confidence_p"]
    p = f"p {numeral(chance, 2)}" if chance >= 1e-4 else "p < 0.0001"
    said = {
        1: f"on average too sure by {points:.2f} points ({p})",
        -1: f"on average not sure enough by {points:.2f} points ({p})",
        0: f"that differs by no more than chance may ({p})",
    }[sureness(n)]
    return f"Right on {n['accuracy']:.2%}, sure of {n['mean_confidence']:.2%}: {said}."


def about_error(n: Numbers) -> str:
    """The expected calibration error, and whether noise alone would give as much."""
    name = "expected_calibration_error"
    error, chance = n[name], n[f"{name}_by_chance"]
    verdict = "more than" if error > chance else "no more than"
    return (
        f"Expected calibration error {error:.4f} (95 % bootstrap over pictures"
        f" {n[f'{name}_low']:.4f} to {n[f'{name}_high']:.4f}): {verdict} noise gives where every"
        f" confidence is true, up to {chance:.4f}."
    )


def about_temperature(n: Numbers, split: str) -> tuple[str, ...]:
    """What the temperature does, where it says anything, and what comes out; nothing without one.

    Args:
        n: with `temperature` where one was fitted.
        split: what the other numbers are of.
    """
    if "temperature" not in n:
        return ()
    interval = f"95 % interval {n['temperature_low']:.3g} to {n['temperature_high']:.3g}"
    does = {
        1: "makes it less sure",
        -1: "makes it surer",
        0: "can't be told from 1, which changes nothing",
    }[cooling(n)]
    error, loss = "expected_calibration_error", "negative_log_likelihood"
    return (
        f"Temperature {n['temperature']:.3f} ({interval}), fitted on validation: "
        f"{does}{_although(n, split)}.",
        f"With it on {split}: expected calibration error {n[error]:.4f} → "
        f"{n[f'{error}_after']:.4f}, loss {n[loss]:.4f} → {n[f'{loss}_after']:.4f}.",
    )


def _although(n: Numbers, split: str) -> str:
    """Where the temperature and the average contradict each other."""
    if sureness(n) * cooling(n) != -1:
        return ""
    is_so = "too sure" if sureness(n) > 0 else "not sure enough"
    return (
        f", although it is {is_so} on average on {split}: the fit weighs sure mistakes more, and no"
        " one temperature mends both"
    )
