"""How a value is printed where the author does not say."""

from __future__ import annotations

from grevy.documents.forms import Number

_BY_LAST = {
    "accuracy": "accuracy",
    "precision": "accuracy",
    "recall": "accuracy",
    "f1": "accuracy",
    "loss": "loss",
    "train_loss": "loss",
    "train_accuracy": "accuracy",
    "seconds": "seconds",
    "flops": ".2e",
    "p": "p",
    "p_corrected": "p",
    "standard_deviation": "spread",
    "margin": "points",
    "created": "date",
    "epochs": ".3g",
    "epoch": ".3g",
}
_ENDS = ("mean", "low", "high")


def default_form(field: str, number: Number) -> str:
    """A form of `grevy.documents.forms`."""
    if isinstance(number, str | bool) or number is None:
        return "date" if field == "created" else "text"
    if isinstance(number, int):
        return "text" if field == "seed" else ",d"
    last = field.rpartition(".")[2]
    if field.startswith("results.seconds."):
        return "seconds"
    if last in _ENDS:
        return "points" if field.startswith("effects.") else "accuracy"
    if field.endswith("calibration.error"):
        return "percent"
    return _BY_LAST.get(last, "number")
