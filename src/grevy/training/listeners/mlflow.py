"""A training as an MLflow run (the extra `grevy[mlflow]`).

Where to: the server or store that `MLFLOW_TRACKING_URI` names, else files in `mlruns/` here. The
experiment is that of `MLFLOW_EXPERIMENT_NAME`, else `grevy`. Parameters are the recipe's fields
with dots, the seed and the data's name; metrics are those of `scalars`, with their steps; tags say
which record it is: `grevy.run`, `grevy.identity`, `grevy.fingerprint`.

Nothing else is contacted: MLflow's own telemetry is switched off, unless the environment says
otherwise.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grevy.classifier.run import Run
from grevy.errors import MissingPackageError, RunInterruptedError
from grevy.training.listeners.listener import Listener, Row
from grevy.training.listeners.scalars import result_scalars, row_scalars

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # MLflow's seven keep a training waiting for minutes
}
"""How MLflow is set up where the user has not said otherwise."""
STORE = "mlruns"
EXPERIMENT = "grevy"
METRICS_AT_ONCE = 1000
"""As many as one call takes."""
PARAMETERS_AT_ONCE = 100
LONGEST_VALUE = 500
"""Letters of a parameter that every release of MLflow takes."""


class MLflowListener(Listener):
    """Logs parameters and tags at the beginning, and metrics at each check.

    A run that goes on is the same MLflow run, and no point is logged twice.

    Raises:
        MissingPackageError: neither mlflow-skinny nor mlflow is installed.
    """

    def __init__(self) -> None:
        for name, value in ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        try:
            from mlflow.tracking import MlflowClient
        except ImportError:
            raise MissingPackageError(
                "--log mlflow without the package mlflow-skinny",
                "it, or mlflow",
                "pip install 'grevy[mlflow]'",
            ) from None
        store = (Path.cwd() / STORE).as_uri()
        self._client: Any = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or store)
        self._id = ""
        self._metrics: list[Any] = []
        self._known: dict[str, int] = {}

    def began(self, run: Run, step: int) -> None:
        """A new MLflow run, or the one of this record, if it goes on."""
        experiment = self._experiment()
        found = self._found(experiment, run) if step else None
        if found is None:
            found = self._client.create_run(experiment, run_name=run.path.name, tags=_tags(run))
            self._log_parameters(found.info.run_id, run)
        else:
            self._client.update_run(found.info.run_id, status="RUNNING")
            self._known = self._last_steps(found)
        self._id = found.info.run_id

    def stepped(self, row: Row) -> None:
        """Loss and learning rate, sent with the next check."""
        self._add(row_scalars("steps", row), row["step"])

    def checked(self, row: Row, train_loss: float) -> None:
        """Validation loss and accuracy, and the mean train loss since the check before."""
        self._add(row_scalars("checks", {**row, "train loss as trained": train_loss}), row["step"])
        self._send()

    def finished(self, run: Run) -> None:
        """Loss and accuracy of every split."""
        self._add(result_scalars(run), run.results["steps"])
        self._end("FINISHED")

    def failed(self, error: Exception) -> None:
        """Keep what there is; a run that was stopped on request is KILLED, and may go on."""
        self._end("KILLED" if isinstance(error, RunInterruptedError) else "FAILED")

    def _experiment(self) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
        found = self._client.get_experiment_by_name(name)
        return str(found.experiment_id if found else self._client.create_experiment(name))

    def _found(self, experiment: str, run: Run) -> Any:
        """The MLflow run of this record; None: there is none."""
        wanted = f"tags.`grevy.run` = '{run.path.resolve()}'"
        found = self._client.search_runs([experiment], wanted, max_results=1)
        return found[0] if found else None

    def _last_steps(self, found: Any) -> dict[str, int]:
        """By metric, the last step that was logged before."""
        histories = {
            name: self._client.get_metric_history(found.info.run_id, name)
            for name in found.data.metrics
        }
        return {name: max(point.step for point in points) for name, points in histories.items()}

    def _log_parameters(self, run_id: str, run: Run) -> None:
        from mlflow.entities import Param

        record = run.record
        fields = {"seed": record.seed, "data": record.data.name, **_flat(record.recipe)}
        every = [Param(name, str(value)[:LONGEST_VALUE]) for name, value in fields.items()]
        for some in _pieces(every, PARAMETERS_AT_ONCE):
            self._client.log_batch(run_id, params=some)

    def _add(self, scalars: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        self._metrics += [
            Metric(name, value, now, step)
            for name, value in scalars.items()
            if step > self._known.get(name, -1)
        ]

    def _send(self) -> None:
        for some in _pieces(self._metrics, METRICS_AT_ONCE):
            self._client.log_batch(self._id, metrics=some)
        self._metrics = []

    def _end(self, status: str) -> None:
        self._send()
        self._client.set_terminated(self._id, status)


def _tags(run: Run) -> dict[str, str]:
    record = run.record
    return {
        "grevy.run": str(run.path.resolve()),
        "grevy.identity": record.identity,
        "grevy.fingerprint": record.data.fingerprint,
    }


def _flat(fields: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """`optimizer.lr` and the like."""
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


def _pieces(values: list[Any], length: int) -> Iterator[list[Any]]:
    for start in range(0, len(values), length):
        yield values[start : start + length]
