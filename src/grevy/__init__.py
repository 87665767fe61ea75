"""Grevy: train image classifiers fast, compare them honestly, look inside them.

This is the one public door. Names are imported when they are first used, so that `import grevy`
costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from grevy.arithmetic.convolve import convolve as convolve
    from grevy.arithmetic.pool import pool as pool
    from grevy.arithmetic.solve import size as size
    from grevy.classifier.classifier import Classifier as Classifier
    from grevy.classifier.open import evaluate as evaluate
    from grevy.classifier.open import open_classifier as open  # noqa: A004
    from grevy.classifier.open import predict as predict
    from grevy.classifier.run import Run as Run
    from grevy.classifier.run import open_run as open_run
    from grevy.data.audit import audit as audit
    from grevy.data.load import load_data as load_data
    from grevy.inspection.look import look as look
    from grevy.inspection.registry import inspectors as inspectors
    from grevy.inspection.registry import register_inspector as register_inspector
    from grevy.inspection.settings import Settings as InspectorSettings
    from grevy.models.registry import build_model as build_model
    from grevy.models.registry import model_names as model_names
    from grevy.models.registry import register_model as register_model
    from grevy.models.survey.layers import layers as layers
    from grevy.recipes.kinds import AugmentationConfig as AugmentationConfig
    from grevy.recipes.kinds import LossConfig as LossConfig
    from grevy.recipes.kinds import OptimizerConfig as OptimizerConfig
    from grevy.recipes.kinds import ScheduleConfig as ScheduleConfig
    from grevy.recipes.load import load_recipe as load_recipe
    from grevy.recipes.parts import register_augmentation as register_augmentation
    from grevy.recipes.parts import register_data_source as register_data_source
    from grevy.recipes.parts import register_loss as register_loss
    from grevy.recipes.parts import register_optimizer as register_optimizer
    from grevy.recipes.parts import register_schedule as register_schedule
    from grevy.recipes.schema import Recipe as Recipe
    from grevy.recipes.with_weights import with_weights as with_weights
    from grevy.records.slim import slim_runs as slim_runs
    from grevy.records.table import list_runs as runs
    from grevy.reports.report import report as report
    from grevy.reports.reproduce.reproduce import reproduce as reproduce
    from grevy.studies.compare import compare as compare
    from grevy.studies.listener import StudyListener as StudyListener
    from grevy.studies.run import study as study
    from grevy.studies.study import load_study as load_study
    from grevy.training.listeners.listener import Listener as Listener
    from grevy.training.listeners.registry import register_listener as register_listener
    from grevy.training.train import train as train

_HOMES = {
    "with_weights": "grevy.recipes.with_weights:with_weights",
    "StudyListener": "grevy.studies.listener:StudyListener",
    "ScheduleConfig": "grevy.recipes.kinds:ScheduleConfig",
    "OptimizerConfig": "grevy.recipes.kinds:OptimizerConfig",
    "LossConfig": "grevy.recipes.kinds:LossConfig",
    "AugmentationConfig": "grevy.recipes.kinds:AugmentationConfig",
    "audit": "grevy.data.audit:audit",
    "build_model": "grevy.models:build_model",
    "Classifier": "grevy.classifier.classifier:Classifier",
    "compare": "grevy.studies.compare:compare",
    "convolve": "grevy.arithmetic.convolve:convolve",
    "evaluate": "grevy.classifier.open:evaluate",
    "inspectors": "grevy.inspection.registry:inspectors",
    "InspectorSettings": "grevy.inspection.settings:Settings",
    "layers": "grevy.models.survey.layers:layers",
    "Listener": "grevy.training.listeners.listener:Listener",
    "load_data": "grevy.data.load:load_data",
    "load_study": "grevy.studies.study:load_study",
    "load_recipe": "grevy.recipes.load:load_recipe",
    "look": "grevy.inspection.look:look",
    "model_names": "grevy.models:model_names",
    "open": "grevy.classifier.open:open_classifier",
    "open_run": "grevy.classifier.run:open_run",
    "pool": "grevy.arithmetic.pool:pool",
    "predict": "grevy.classifier.open:predict",
    "Recipe": "grevy.recipes.schema:Recipe",
    "register_inspector": "grevy.inspection.registry:register_inspector",
    "register_listener": "grevy.training.listeners.registry:register_listener",
    "register_model": "grevy.models:register_model",
    "register_augmentation": "grevy.recipes.parts:register_augmentation",
    "register_data_source": "grevy.recipes.parts:register_data_source",
    "register_loss": "grevy.recipes.parts:register_loss",
    "register_optimizer": "grevy.recipes.parts:register_optimizer",
    "register_schedule": "grevy.recipes.parts:register_schedule",
    "report": "grevy.reports.report:report",
    "reproduce": "grevy.reports.reproduce.reproduce:reproduce",
    "Run": "grevy.classifier.run:Run",
    "runs": "grevy.records.table:list_runs",
    "slim_runs": "grevy.records.slim:slim_runs",
    "study": "grevy.studies.run:study",
    "size": "grevy.arithmetic.solve:size",
    "train": "grevy.training.train:train",
}

__all__ = [
    "AugmentationConfig",
    "Classifier",
    "InspectorSettings",
    "Listener",
    "LossConfig",
    "OptimizerConfig",
    "Recipe",
    "Run",
    "ScheduleConfig",
    "StudyListener",
    "audit",
    "build_model",
    "compare",
    "convolve",
    "evaluate",
    "inspectors",
    "layers",
    "load_data",
    "load_recipe",
    "load_study",
    "look",
    "model_names",
    "open",
    "open_run",
    "pool",
    "predict",
    "register_augmentation",
    "register_data_source",
    "register_inspector",
    "register_listener",
    "register_loss",
    "register_model",
    "register_optimizer",
    "register_schedule",
    "report",
    "reproduce",
    "runs",
    "size",
    "slim_runs",
    "study",
    "train",
    "with_weights",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'grevy' has no attribute '{name}'")
    module, _, attribute = _HOMES[name].partition(":")
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
