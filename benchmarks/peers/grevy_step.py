"""Grevy's own training step, as `grevy train` calls it."""

from __future__ import annotations

from turns import Pace

import grevy
from grevy.classifier.device import choose_device, keep_freed_memory
from grevy.data.load import load_data
from grevy.recipes.load import load_recipe
from grevy.training.distributed import World
from grevy.training.loss_log import LossLog
from grevy.training.profile.timer import LoopTimer
from grevy.training.setup.compiling import training_network
from grevy.training.setup.prepare import prepare
from grevy.training.train import train_step
from peers.task import Task

PACKAGES = ("grevy",)


def train(task: Task, pace: Pace) -> None:
    """Without end."""
    recipe = load_recipe("base").model_copy(update={"precision": task.precision})
    keep_freed_memory()
    data = load_data(task.where, recipe.pictures)
    setup, state = prepare(data, recipe, 0, choose_device(), World())
    model, timer = training_network(setup, state), LoopTimer()
    lr = recipe.optimizer.lr
    losses = LossLog(setup.device, setup.world, state.progress, write=lambda row: None, lr=lr)
    pace.ready(version=grevy.__version__, precision=setup.precision)
    while True:
        train_step(setup, state, model, losses, timer)
        state.progress.step += 1
        pace.step()
