"""`grevy train`: train a network on labelled pictures and keep a record."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from annotated_types import Interval

from grevy.cli.duration import in_words
from grevy.cli.output import Output, ProgressBar
from grevy.cli.plugin import load_plugin, plugin_in
from grevy.cli.profile import show_profile
from grevy.cli.recipe_flags import flags_of, given
from grevy.errors import RunInterruptedError
from grevy.figures.numerals import counted
from grevy.recipes.changes import changed
from grevy.recipes.load import load_recipe
from grevy.recipes.ranges import LARGEST_SEED
from grevy.recipes.schema import Recipe
from grevy.recipes.with_weights import with_weights
from grevy.records.results import Results, SecondsRecord
from grevy.records.run_record import RunRecord
from grevy.training.listeners.listener import Listener, check_line
from grevy.words.parse import parse, said
from grevy.words.places import PLACE
from grevy.words.understand import understood

if TYPE_CHECKING:
    from grevy.classifier.run import Run


@dataclass(frozen=True)
class TrainArguments:
    """Train a network on labelled pictures and keep a record of it.

    Every field of the recipe is a flag: the recipe gives the values, a flag changes one.
    """

    where: Annotated[str | None, tyro.conf.Positional, PLACE] = None
    """A folder with a folder per class, a CSV, zip, tar, Parquet or npz file, or a built-in name:
    digits, cifar10, cifar100, mnist, fashion-mnist."""

    recipe: Annotated[str, PLACE] = "base"
    """A named recipe (base, net1, net2, best, speed-80, speed-90, speed-94, speed-96, transfer,
    resnet18-transfer) or a YAML file."""

    pretrained: bool = False
    """Begin with published weights, and with the input size, interpolation and normalisation that
    belong to them: --model.weights pretrained, and weights for --model.resize,
    --model.interpolation, --pictures.mean and --pictures.standard-deviation where these are as
    they are without."""

    weights: Annotated[str | None, PLACE] = None
    """Begin with a file's weights, a URL's, or hf:OWNER/NAME/FILE: --model.weights; on pictures
    as they were made with, where that is known, as --pretrained."""

    which: Literal["plain", "ema"] | None = None
    """Of --weights that hold both: the plain ones, or the averaged ones (EMA): --model.which.
    Default plain."""

    train: str | None = None
    """Which layers are trained: all, head, last:N, blocks:NAME,... or assignment:
    --transfer.train."""

    model: Annotated[str | None, PLACE] = None
    """Your own network as FILE.py:NAME, a class or function that takes (input_shape, classes),
    (classes) or nothing; or a name: --model.name. Its source is kept in the record."""

    seed: Annotated[int | None, Interval(ge=0, le=LARGEST_SEED)] = None
    """Of everything random. Default 0."""

    out: Path | None = None
    """Run directory. Default: a new one under runs/."""

    resume: bool = False
    """Go on with the run at --out, or with the latest unfinished one."""

    device: str = "auto"
    """auto, cpu, cuda, cuda:1 or mps."""

    plugin: Path | None = None
    """A Python file to run first, which registers your own networks and other parts."""

    trust_source: bool = False
    """With --resume: run the Python source that the record keeps, wherever it is from."""

    fetch: bool = False
    """With --resume: download data and weights that the record names, where they are not here."""

    log: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """Also write for another program, as often as you like: tensorboard, mlflow, or a listener of
    a plugin."""

    profile: bool = False
    """Show where the time of the training loop goes, and write a trace of a few steps."""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, train, print."""
    load_plugin(plugin_in(words))  # what it registers has flags, too
    named = load_recipe(said(words, "--recipe") or "base")
    arguments, recipe = parsed(words, named)
    output = Output(arguments.json)
    from grevy.training.train import train

    other = recipe != named or said(words, "--recipe") is not None
    with ExitStack() as stack:
        listener = ScreenListener(output, stack)
        stack.enter_context(_stop_told(listener, arguments))
        run = train(
            arguments.where,
            recipe if other or not arguments.resume else None,
            model=arguments.model,
            seed=arguments.seed,
            out=arguments.out,
            resume=arguments.resume,
            device=arguments.device,
            listener=listener,
            log=arguments.log,
            command=["grevy", "train", *words],
            profile=arguments.profile,
            plugin=arguments.plugin,
            trust_source=arguments.trust_source,
            fetch=arguments.fetch,
        )
    if os.environ.get("RANK", "0") == "0":  # under torchrun the first process speaks for all
        report(run.path, run.record, output)


@contextmanager
def _stop_told(listener: ScreenListener, arguments: TrainArguments) -> Iterator[None]:
    """What a stop outside the loop leaves, which says by itself what it has saved.

    Raises:
        RunInterruptedError: it was stopped.
    """
    try:
        yield
    except KeyboardInterrupt:
        again = "the same command begins again"
        what = "stopped on request before the training began: no run was made"
        if listener.run is not None:
            what = f"stopped on request: {listener.run} is as its record says"
            again = f"go on with: grevy train --resume --out {listener.run}"
        elif arguments.resume:
            what = "stopped on request before the training went on: the run is as it was"
            again = "the same command goes on"
        raise RunInterruptedError(what, "", again) from None


def parsed(words: list[str], named: Recipe) -> tuple[TrainArguments, Recipe]:
    """The arguments, and the recipe with the shortcuts and fields that are given as flags.

    Raises:
        UsageError, RecipeError: words that can't be understood, or values that can't be taken.
    """
    kind = kind_of_train(named)
    arguments = parse(kind, "train", words, kind())
    asked = given(understood(words, kind, "train"), arguments.fields)
    recipe = with_weights(
        named,
        pretrained=arguments.pretrained,
        weights=arguments.weights,
        which=arguments.which,
        layers=arguments.train,
        model=arguments.model or asked.get("model.name"),
    )
    return arguments, changed(recipe, asked, "the command line") if asked else recipe


def kind_of_train(named: Recipe) -> type[Any]:
    """`TrainArguments` with every field of a recipe as a flag, at the values of this one."""
    flags = flags_of(named)
    own = ("fields", Annotated[type(flags), tyro.conf.arg(name="")], field(default=flags))
    kind = make_dataclass("TrainArguments", [own], bases=(TrainArguments,), frozen=True)
    kind.__doc__ = TrainArguments.__doc__
    return kind


def report(path: Path, record: RunRecord, output: Output) -> None:
    """The figures of a finished run, where its record lies, and what to do next."""
    from grevy.arithmetic.proportion import interval_told  # NumPy, which no help needs

    results = record.results
    assert results is not None, "a training that returns is finished"
    rows = [
        (name, s.n, s.loss, s.accuracy, interval_told(s.accuracy, s.n))
        for name, s in results.splits.items()
    ]
    output.line()
    output.table(("split", "pictures", "loss", "accuracy", "95 % interval"), rows)
    for name, score in results.splits.items():
        for what, augmented in score.augmented.items():
            output.line(f"{name} with test-time {what}: accuracy {augmented.accuracy:.4f}")
    output.line()
    output.line(
        f"{ended(results)}; {in_words(results.seconds.training)} of training in {record.precision}"
        + _before(results.seconds)
    )
    if record.profile:
        show_profile(path, record.profile, output)
    output.line(f"record   {path}/")
    output.line(f"figures  {path}/figures/")
    output.line(f"next     grevy predict {path} PICTURE...   or   grevy runs")
    output.result({"run": str(path), **record.to_dict()})


def ended(results: Results) -> str:
    """How far it went, why it ended there, and which of its checks was the best."""
    steps, epochs = counted(results.steps, "step"), f"{results.epochs:.3g}"
    passes = f"{epochs} epoch{'s' * (epochs != '1')}"
    why = f"stopped early after {passes}" if results.stopped_early else f"all of {passes}"
    return f"{steps}, {why}; best check (lowest validation loss) at step {results.best_step:,}"


def _before(seconds: SecondsRecord) -> str:
    """What came before the first step, where that took long enough to be worth a word."""
    parts = {"reading pictures": seconds.data, "preparation": seconds.preparation}
    long = [f"{in_words(took)} of {what}" for what, took in parts.items() if took > 1]
    return f", after {' and '.join(long)}" if long else ""


class ScreenListener(Listener):
    """Shows a training on the screen: notes and checks as lines, the rest as a bar."""

    def __init__(self, output: Output, stack: ExitStack) -> None:
        self._output = output
        self._stack = stack
        self._bars: dict[str, ProgressBar] = {}
        self.run: Path | None = None
        """Where the record is, as soon as there is one."""

    def began(self, run: Run, step: int) -> None:
        """There is a record."""
        self.run = run.path

    def said(self, text: str) -> None:
        """A sentence that the user should read."""
        self._output.line(text)

    def showed(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table that the user should see."""
        self._output.table(columns, rows)

    def advanced(self, task: str, done: int, total: int) -> None:
        """Move the bar of this task."""
        if task not in self._bars:
            self._stack.close()
            self._bars.clear()
            self._bars[task] = self._stack.enter_context(self._output.progress(task, total))
        self._bars[task].advance_to(done, total)

    def checked(self, row: Mapping[str, Any], train_loss: float) -> None:
        """One line a check."""
        self._output.line(check_line(row, train_loss))
