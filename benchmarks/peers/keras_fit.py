"""Keras 3 on torch: arrays in memory, `compile` and `fit`, as its examples for small pictures do.

The network is `base` in Keras's own layers (the same number of parameters); the layout of pictures
is Keras's default. The pictures are scaled to float32 before training, outside of the timer, and
nothing is printed, in its favour.
"""

from __future__ import annotations

import os
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
from keras import layers
from turns import Pace

from peers.task import BATCH, DEVIATION, LEARNING_RATE, MEAN, Task

PACKAGES = ("keras",)
ENDLESS = 10**6
"""Epochs."""


class Turns(keras.callbacks.Callback):
    """Says when a step is done."""

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """After each step."""
        self._pace.step()


def network(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """`base`: three times convolution, ReLU, pooling; two linear layers."""
    blocks: list[Any] = []
    for filters in (32, 64, 128):
        blocks += [
            layers.Conv2D(filters, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
        ]
    head = [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(classes)]
    return keras.Sequential([keras.Input(input_shape), *blocks, *head])


def train(task: Task, pace: Pace) -> None:
    """Practically without end."""
    images = (task.images_NHWC.astype("float32") / 255 - MEAN[0]) / DEVIATION[0]
    model = network(images.shape[1:], len(task.data.classes))
    wanted = sum(p.numel() for p in task.network().parameters())
    if model.count_params() != wanted:
        raise ValueError(f"{model.count_params()} parameters instead of {wanted}")
    model.compile(
        optimizer=keras.optimizers.SGD(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    pace.ready(version=keras.__version__, precision="fp32")
    turns = [Turns(pace)]
    model.fit(images, task.labels_N, BATCH, ENDLESS, verbose=0, callbacks=turns)
