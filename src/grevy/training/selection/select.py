"""The hard part of each batch, as a small network beside the one that is trained finds it.

Jordan 2024 ("94% on CIFAR-10 in 3.29 Seconds on a Single GPU", airbench96) trains the small one
first and notes what it chose. It never looks at the large one, so that both can as well go side by
side, step by step.

Suffix: S pictures that are selected, of the B of a batch.
"""

from __future__ import annotations

import torch
from torch import Tensor

from grevy.classifier.precision import autocast
from grevy.data.randomness import derive
from grevy.training.profile.part_timer import PartTimer
from grevy.training.rates import set_learning_rates
from grevy.training.selection.proxy import kept_pictures
from grevy.training.setup.prepare import Setup
from grevy.training.state import State


def select(
    setup: Setup, state: State, images_BCHW: Tensor, targets: Tensor, timer: PartTimer
) -> tuple[Tensor, Tensor]:
    """The pictures of a batch that the proxy finds hardest, in their order; all without a proxy.

    In its turn the proxy is then moved by their mean loss, from the pass that chose them: its batch
    norms have seen the whole batch.

    Args:
        setup: of the training; says how many pictures are kept and when the proxy is trained.
        state: its proxy changes.
        images_BCHW: a whole augmented batch, also where several processes share it: each has the
            same proxy, and what the leader's finds counts, should they differ in the last bits.
        targets: labels [B], or mixed targets [B, K].
        timer: hears that the selection begins.
    """
    proxy, step = state.proxy, state.progress.step
    if proxy is None:
        return images_BCHW, targets
    timer.begins("selection")
    trains = step % setup.recipe.selection.train_every == 0
    if trains:
        set_learning_rates(setup, proxy.optimizer, step)
    torch.manual_seed(derive(setup.seed, "proxy", step))
    with torch.set_grad_enabled(trains), autocast(setup.precision, setup.device):
        logits_BK = proxy.model(images_BCHW)
    losses_B = setup.loss(logits_BK.float(), targets, reduction="none")
    index_S = setup.world.same(hardest(losses_B.detach(), kept_pictures(setup.recipe)))
    if trains:
        proxy.move(losses_B[index_S].mean(), setup.precision)
    return images_BCHW[index_S], targets[index_S]


def hardest(losses_B: Tensor, count: int) -> Tensor:
    """Indices, ascending, of the `count` largest losses; of equal ones the later count."""
    return losses_B.argsort(stable=True)[-count:].sort().values
