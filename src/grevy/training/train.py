"""Training, read top to bottom: the loop, a step, a check; and around it the record.

Everything random is a function of (seed, step), and all that changes is in `State`, so a run that
was killed and resumed ends like one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from grevy.classifier.device import choose_device, keep_freed_memory
from grevy.classifier.logits import logits_of, losses_of, score
from grevy.classifier.precision import autocast
from grevy.classifier.run import Run
from grevy.data.load import load_data
from grevy.data.randomness import derive, generator, own_randomness
from grevy.data.types import ImageData
from grevy.errors import NotFiniteError, RunInterruptedError, UntrustedSourceError
from grevy.models.own.faults import faults_shown
from grevy.models.own.find import Model
from grevy.models.own.of_record import networks_of
from grevy.models.own.softmax import softmax_note
from grevy.models.own.using import using, using_own
from grevy.models.transfer.preprocessing import pictures_as_read
from grevy.recipes.schema import Recipe
from grevy.records.consent import fetching, places_list, remember_place
from grevy.records.lock import train_alone
from grevy.training.averaging import average_weights
from grevy.training.check_noise import few_pictures, loss_errors
from grevy.training.describe import describe_run
from grevy.training.distributed import World, join_world
from grevy.training.finish import finish
from grevy.training.interrupt import Interrupt, ends_shown, watch_interrupt
from grevy.training.listeners.listener import Listener
from grevy.training.listeners.several import listeners_of
from grevy.training.loss_log import LossLog, non_finite_check
from grevy.training.profile.summary import chosen_timer, record_profile
from grevy.training.profile.timer import LoopTimer
from grevy.training.rates import set_learning_rates
from grevy.training.recorder import Recorder, unled_told
from grevy.training.selection import select
from grevy.training.setup.compiling import compiler_errors, training_network
from grevy.training.setup.prepare import prepare
from grevy.training.sizes import at_size
from grevy.training.start import Start, asked_recipes, choose_start
from grevy.training.state import Setup, State

CHECKPOINT_SECONDS = 60.0
"""A kill costs at most so much work, however far apart the checks are."""


def train(
    where: str | Path | Mapping[str, Any] | None = None,
    recipe: str | Path | Mapping[str, Any] | Recipe | None = None,
    *,
    model: Model | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    device: str = "auto",
    listener: Listener | Sequence[Listener] | None = None,
    log: str | Sequence[str] = (),
    command: list[str] | None = None,
    like: Recipe | None = None,
    profile: bool = False,
    plugin: str | Path | None = None,
    trust_source: bool = False,
    fetch: bool = False,
) -> Run:
    """Train one network on image data and keep a record of it.

    Args:
        where: image data, as `load_data` takes it; None only when resuming.
        recipe: a name, a YAML file, a mapping or a `Recipe`; None: "base", or the resumed one.
        model: the network, in place of the recipe's: a class or function of yours that takes
            (input_shape, classes), (classes) or nothing, where input_shape is (C, H, W); or its
            name as `mynet.py:Net`; or a registered or zoo's name. Its source is recorded.
        seed: of everything random; None: 0, or the resumed one.
        out: the run directory; None: a new one under `runs/`.
        resume: go on where a run at that place stopped; bit-identical on the same CPU machine.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        listener: who hears how it goes on, one or several; None: plain lines are printed. One that
            raises is told of in a line and left out, and the training goes on.
        log: names of further listeners: "tensorboard", "mlflow", those of plugins.
        command: the command line, for the record.
        like: a recipe whose network's initial weights are taken wherever name and shape match, so
            that the arms of a study begin alike; the record lists what is shared and what is not.
        profile: measure where the loop's time goes, and trace a few steps; in the record.
        plugin: a Python file, run first for what it registers; its source is recorded.
        trust_source: of a run that goes on: run the source that its record keeps, wherever it is
            from.
        fetch: of a run that goes on: download data and weights that its record names, where they
            are not on this machine.

    Returns:
        The finished run.

    Raises:
        GrevyError: one of its kinds; the message says what to do.
    """
    chosen_device = choose_device(device)
    keep_freed_memory()
    with ExitStack() as stack:
        name = stack.enter_context(using(model, plugin, trust_source))
        stack.enter_context(fetching(fetch))
        asked, like, own = asked_recipes(recipe, name, like)
        stack.enter_context(using_own(own))
        world = stack.enter_context(join_world(chosen_device))
        listener = listeners_of(listener, log) if world.leads else Listener()
        begun_like = like.model if like else None
        start = choose_start(
            where, asked, seed, out, resume, listener, begun_like, name, own.sources
        )
        world.wait()  # until all have looked, before the leader makes the run directory
        if (old := start.goes_on) is not None and start.finished is None:
            if world.leads:
                stack.enter_context(train_alone(old.path))
                start = start.read_again()
            stack.enter_context(networks_of(old))
        if start.finished is not None:
            return start.finished
        clock = time.perf_counter()
        data = read_data(start, listener)
        seconds = {"data": time.perf_counter() - clock}
        clock = time.perf_counter()
        stack.enter_context(own_randomness(start.seed, chosen_device))
        stack.enter_context(faults_shown())
        with start.reading_weights():
            setup, state = prepare(
                data,
                start.recipe,
                start.seed,
                chosen_device,
                world,
                start.precision,
                start.like,
                listener,
            )
        if start.sources and (note := softmax_note(state.model, data.input_shape)):
            listener.said(note)
        seconds["preparation"] = time.perf_counter() - clock
        record = describe_run(start, data, setup, state, command or [])
        with (
            watch_interrupt() as interrupt,
            Recorder.open(start, record, state, world, listener) as recorder,
        ):
            directory = world.agree(recorder.directory)  # the others write to one that goes
            with unled_told(directory, world):
                train_recorded(setup, state, recorder, interrupt, data, seconds, profile)
                world.wait()  # only the leader draws
        return Run(directory)


def read_data(start: Start, listener: Listener) -> ImageData:
    """The image data, decoded; what was decided on the way is said.

    Raises:
        DataError: something is wrong with it.
        UnaskedError: it is where only the record says; see `Start.reading_data`.
    """
    with start.reading_data():
        data = load_data(
            start.where,
            pictures_as_read(start.recipe),
            on_progress=lambda done, total: listener.advanced("reading pictures", done, total),
        )
    remember_named(start, listener)
    few = few_pictures(len(data.splits["validation"]))
    for note in (*data.notes, *([few] if few else [])):
        listener.said(note)
    return data


def remember_named(start: Start, listener: Listener) -> None:
    """Places that the user names here may be read for a record again without a question."""
    try:
        for place in start.named_places:
            remember_place(place)
    except (OSError, UntrustedSourceError) as error:
        listener.said(
            f"{places_list()} can't be added to ({error}): name the data again, behind the run"
        )


def train_recorded(
    setup: Setup,
    state: State,
    recorder: Recorder,
    interrupt: Interrupt,
    data: ImageData,
    seconds: Mapping[str, float],
    profile: bool,
) -> None:
    """The loop and its end; the record says how it ended.

    Args:
        setup: what stays the same.
        state: what changes.
        recorder: writes the record.
        interrupt: whether somebody asked to stop.
        data: for the figures.
        seconds: spent before.
        profile: see `train`.
    """
    listener = recorder.listener
    listener.began(Run(recorder.directory), state.progress.step)
    try:
        with interrupt.at_once, ends_shown():
            timer = chosen_timer(profile, setup, state, recorder.directory)
            with compiler_errors(), faults_shown(), setup.world.missing_named():
                train_loop(setup, state, recorder, interrupt, timer)
            record_profile(timer, setup, state, recorder.directory)
            finish(setup, state, recorder, data, seconds)
    except KeyboardInterrupt:
        error = stopped_at_once(recorder)
        recorder.ended_by(error)
        raise error from None
    except Exception as error:
        recorder.ended_by(error)
        raise
    listener.finished(Run(recorder.directory))


def train_loop(
    setup: Setup, state: State, recorder: Recorder, interrupt: Interrupt, timer: LoopTimer
) -> None:
    """Step after step until the last epoch's end, the stopping rule, or an interrupt.

    The last step has a check, after which all rows are on disk and all seconds are counted.

    Raises:
        NonFiniteLossError: the loss became NaN or infinite; nothing that it touched is kept.
        RunInterruptedError: somebody asked to stop; everything is saved.
    """
    progress, world = state.progress, setup.world
    model = training_network(setup, state)
    write = partial(recorder.step, total=setup.total_steps)
    losses = LossLog(setup.device, world, progress, write, setup.recipe.optimizer.lr)
    clock = saved = time.perf_counter()
    while progress.step < setup.total_steps and not progress.stopped_early:
        train_step(setup, state, model, losses, timer)
        progress.step += 1

        is_check = setup.is_check(progress.step)
        if is_check:
            timer.begins("records")
            losses.read()
            timer.begins("evaluation")
            check(setup, state, recorder, time.perf_counter() - clock)
        now = time.perf_counter()
        late = now - saved > CHECKPOINT_SECONDS
        stop, late = anywhere(world, losses, interrupt.requested, late)
        if is_check or stop or late:
            timer.begins("records")
            losses.read()
            progress.seconds += now - clock
            recorder.checkpoint(state)
            clock = saved = now
        if stop:
            raise interrupted(progress.step, world.agree(recorder.directory.path))
    timer.ends()


def train_step(
    setup: Setup, state: State, model: torch.nn.Module, losses: LossLog, timer: LoopTimer
) -> None:
    """One batch forward and backward, one move of the optimizer, one row for the log.

    Nothing in it waits for an accelerator, unless `losses` are read.

    Raises:
        NonFiniteLossError: on a CPU, before anything is updated with the loss.
    """
    timer.begins("data")
    recipe, step = setup.recipe, state.progress.step
    if set_learning_rates(setup, state.optimizer, step):
        setup.train_mode(model)
    images_BCHW, targets = setup.batches.at(step)
    images_BCHW = at_size(images_BCHW, recipe.augment.sizes, step, setup.total_steps)
    images_BCHW, targets = select(setup, state, images_BCHW, targets, timer)
    images_BCHW, targets = setup.world.share(images_BCHW), setup.world.share(targets)
    timer.begins("forward")
    torch.manual_seed(derive(setup.seed, "dropout", setup.world.own(step)))
    with autocast(setup.precision, setup.device):
        logits_BK = model(images_BCHW)
    loss = setup.loss(logits_BK.float(), targets)

    timer.begins("records")
    epoch = round((step + 1) / setup.batches.steps_per_epoch, 4)
    lr = state.optimizer.param_groups[0]["lr"]
    losses.add({"step": step + 1, "epoch": epoch, "loss": loss.detach(), "lr": lr})
    timer.begins("backward")
    state.optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    timer.begins("optimizer")
    with autocast(setup.precision, setup.device):  # Muon multiplies matrices
        state.optimizer.step()
    average_weights(state.average, state.model, recipe, step + 1, setup.total_steps)


def check(setup: Setup, state: State, recorder: Recorder, seconds: float) -> None:
    """Evaluate on the validation split, keep the weights if they are the best, maybe stop.

    Raises:
        NonFiniteLossError: the network's logits are not finite; nothing of them is kept.
    """
    progress = state.progress
    epoch = round(progress.step / setup.batches.steps_per_epoch, 4)
    found: dict[str, Any] = {}
    losses: dict[str, Tensor] = {}
    for split, index_N in checked_pictures(setup).items():
        scores, losses[split] = check_split(setup, state, split, index_N)
        prefix = "" if split == "validation" else f"{split}_"
        found |= {f"{prefix}{name}": value for name, value in scores.items()}
    recorder.check({"step": progress.step, "epoch": epoch, **found})
    if progress.note_check(found["loss"], progress.seconds + seconds):
        state.keep_best(losses)
    is_over = progress.step == setup.total_steps
    progress.stopped_early = not is_over and should_stop(progress.losses(), setup.recipe.patience)


def checked_pictures(setup: Setup) -> dict[str, Tensor | None]:
    """Which pictures of which split are evaluated at a check; None: all of them."""
    train, validation = len(setup.pictures["train"]), len(setup.pictures["validation"])
    on_train = {"train": train_sample(train, validation)} if setup.recipe.check_train else {}
    return {"validation": None, **on_train}


def check_split(
    setup: Setup, state: State, split: str, index_N: Tensor | None
) -> tuple[dict[str, Any], Tensor]:
    """Loss, accuracy, how far the loss is known, and the loss [N] of each picture.

    Raises:
        NonFiniteLossError: the network's logits are not finite.
    """
    pictures, network = setup.pictures[split], setup.behind_cut(state.network)
    try:
        logits_NK = logits_of(network, pictures, setup.precision, index_N=index_N)
    except NotFiniteError as error:
        raise non_finite_check(error, state.progress, setup.recipe.optimizer.lr) from error
    labels_N = pictures.labels_N
    if index_N is not None:
        labels_N = labels_N[index_N.to(labels_N.device)]
    result, losses_N = score(logits_NK, labels_N), losses_of(logits_NK, labels_N)
    scores = {"loss": result["loss"], "accuracy": result["accuracy"]}
    noise = loss_errors(losses_N, state.best_losses.get(split))
    return setup.world.agree({**scores, **noise}), losses_N


def train_sample(pictures: int, size: int) -> Tensor:
    """Which pictures of the train split are evaluated at checks; the same in all runs."""
    order_N = torch.randperm(pictures, generator=generator(0, "train sample"))
    return order_N[:size].sort().values


def should_stop(check_losses: Sequence[float], patience: int) -> bool:
    """Whether the loss of the check `patience` checks ago is the best of the last `patience`.

    The source assignment's rule: of the last `patience` losses the first is the smallest. NaN is
    never the best. `patience` 0 never stops.
    """
    if patience == 0 or len(check_losses) < patience:
        return False
    recent = [math.inf if math.isnan(loss) else loss for loss in check_losses[-patience:]]
    return recent[0] == min(recent)


def anywhere(world: World, losses: LossLog, *flags: bool) -> tuple[bool, ...]:
    """Which flags any process raises now; several can only agree where all have read losses."""
    if world.size > 1 and not losses.all_read:
        return (False,) * len(flags)
    return world.anywhere(*flags)


def interrupted(step: int, path: Path) -> RunInterruptedError:
    """Says how to go on."""
    return RunInterruptedError(
        f"stopped on request after step {step}, everything is saved in {path}",
        "",
        f"go on with: grevy train --resume --out {path}",
    )


def stopped_at_once(recorder: Recorder) -> RunInterruptedError:
    """Asked for twice: says what is saved, and how to go on."""
    path, saved = recorder.directory.path, recorder.saved_step()
    what = f"what was trained up to step {saved} is saved" if saved else "nothing was saved yet"
    return RunInterruptedError(
        f"stopped at once on request: {what} in {path}",
        "",
        f"go on with: grevy train --resume --out {path}",
    )
