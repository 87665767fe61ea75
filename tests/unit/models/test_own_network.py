"""A network of one's own: found in a file or given in Python, built by what it takes."""

from __future__ import annotations

import importlib
import linecache
import os
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import grevy
from grevy.errors import (
    InputTooSmallError,
    ModelArgumentError,
    SourceError,
    SourceFaultError,
    UnknownModelError,
    UsageError,
)
from grevy.inspection.registry import find as find_inspector
from grevy.models.own import object_source
from grevy.models.own.adapt import OwnBuilder
from grevy.models.own.code_hash import code_hash
from grevy.models.own.excerpt import NoSourceError, excerpt_of
from grevy.models.own.softmax import softmax_note
from grevy.models.own.using import given, read_own, using
from grevy.models.registry import build_model, model_names
from grevy.recipes.parts import find_part, known_parts
from grevy.training.listeners.registry import build_listener, listener_names

SHAPE = (1, 12, 10)

NET = """
    import torch
    from torch import nn


    class Net(nn.Module):
        def __init__(self, input_shape, classes, width=8):
            super().__init__()
            self.conv = nn.Conv2d(input_shape[0], width, 3)
            self.head = nn.Linear(width, classes)

        def forward(self, images):
            return self.head(torch.relu(self.conv(images)).mean((2, 3)))
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip())
    return path


def build(
    model: object, shape: tuple[int, int, int] = SHAPE, classes: int = 4, **more
) -> nn.Module:
    with using(model) as name:
        return build_model(name, shape, classes, **more)


def linear(inputs: int, classes: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, classes))


# What it takes


def test_a_network_takes_the_shape_and_the_classes_by_name_or_by_position() -> None:
    builders = [
        lambda input_shape, classes: linear(torch.Size(input_shape).numel(), classes),
        lambda classes, input_shape: linear(torch.Size(input_shape).numel(), classes),
        lambda shape, k: linear(torch.Size(shape).numel(), k),
        lambda shape, classes: linear(torch.Size(shape).numel(), classes),
        lambda shape, num_classes=3: linear(torch.Size(shape).numel(), num_classes),
        lambda input_shape, outputs: linear(torch.Size(input_shape).numel(), outputs),
        lambda classes: linear(120, classes),
        lambda k: linear(120, k),
        lambda num_classes=10: linear(120, num_classes),
        lambda k, /: linear(120, k),
        lambda **options: linear(120, 4),
        lambda: linear(120, 4),
    ]
    for builder in builders:
        assert OwnBuilder(builder, "net")(SHAPE, 4)[1].weight.shape == (4, 120)


def test_further_arguments_come_by_name() -> None:
    def net(classes: int, width: int, bias: bool = True) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(120, width, bias), nn.Linear(width, classes))

    assert OwnBuilder(net, "net")(SHAPE, 4, width=7, bias=False)[1].weight.shape == (7, 120)
    assert OwnBuilder(lambda k, width: linear(120, k), "net")(SHAPE, 4, width=7)


def test_what_it_needs_besides_is_named_with_the_way_to_give_it() -> None:
    def net(input_shape: tuple[int, int, int], classes: int, width: int, depth: int) -> nn.Module:
        raise AssertionError

    with pytest.raises(ModelArgumentError, match=r"needs width and depth.*\(C, H, W\).*VALUE"):
        OwnBuilder(net, "net")(SHAPE, 4)
    with pytest.raises(ModelArgumentError, match="needs depth"):
        OwnBuilder(net, "net")(SHAPE, 4, width=3)


def test_an_argument_that_it_does_not_take_is_named_with_those_that_it_does() -> None:
    with pytest.raises(ModelArgumentError, match="an argument widht; expected one of width"):
        OwnBuilder(lambda classes, width=3: linear(120, classes), "net")(SHAPE, 4, widht=3)


def test_a_function_that_returns_no_network_is_told_so() -> None:
    with pytest.raises(ModelArgumentError, match=r"'net' made a int.*nn\.Module"):
        OwnBuilder(lambda classes: classes, "net")(SHAPE, 4)


# Where it is found


def test_a_class_of_a_file_is_known_by_its_file_and_name(tmp_path: Path) -> None:
    file = write(tmp_path / "mynet.py", NET)
    with using(f"{file}:Net") as name:
        assert name == "mynet.py:Net"
        assert "mynet.py:Net" in model_names()
        assert build_model(name, SHAPE, 4, width=5).conv.out_channels == 5
        assert [source.file for source in given().sources] == ["mynet.py"]
    assert "mynet.py:Net" not in model_names()
    with pytest.raises(UnknownModelError, match=r"--model FILE\.py:NAME"):
        build_model(name, SHAPE, 4)


def test_a_file_with_one_network_needs_no_name(tmp_path: Path) -> None:
    helper = "\n    def shrink(x):\n        return x\n"
    with using(str(write(tmp_path / "mynet.py", NET + helper))) as name:
        assert name == "mynet.py:Net"
    function = "from torch import nn\ndef net(classes): return nn.Linear(2, classes)\n"
    with using(str(write(tmp_path / "fun.py", function))) as name:
        assert name == "fun.py:net"


def test_a_file_with_several_networks_or_none_lists_what_there_is(tmp_path: Path) -> None:
    two = write(tmp_path / "two.py", NET + "\n\n    class Other(Net):\n        pass\n")
    with pytest.raises(SourceError, match=r"the networks Net and Other.*two\.py:Net"):
        read_own(str(two))
    none = write(tmp_path / "none.py", "from torch.nn import Linear\nx = 3\n")
    with pytest.raises(SourceError, match="no network in it"):
        read_own(str(none))


def test_a_name_that_the_file_does_not_have_lists_those_that_it_has(tmp_path: Path) -> None:
    file = write(tmp_path / "mynet.py", NET)
    with pytest.raises(SourceError, match=r"mynet\.py:Nte, which is nothing.*function: Net"):
        read_own(f"{file}:Nte")
    with pytest.raises(SourceError, match=r"no file .*nothere\.py"):
        read_own(str(tmp_path / "nothere.py:Net"))


def test_registered_and_zoo_names_mean_what_they_always_meant() -> None:
    assert read_own("net1").name == "net1"
    assert read_own("timm:resnet18").name == "timm:resnet18"
    assert read_own("net1").sources == ()


def test_a_network_that_is_built_already_is_refused_in_favour_of_its_class() -> None:
    with pytest.raises(UsageError, match=r"Linear that is built already.*without calling it"):
        read_own(nn.Linear(2, 3))


def test_modules_beside_the_file_come_with_it_and_two_versions_live_side_by_side(
    tmp_path: Path,
) -> None:
    for version, width in (("old", 3), ("new", 9)):
        write(tmp_path / version / "sizes" / "numbers.py", f"WIDTH = {width}\n")
        write(
            tmp_path / version / "blocks.py",
            "from torch import nn\nfrom sizes.numbers import WIDTH\n"
            "def make(k):\n    import sizes\n    assert sizes.numbers.WIDTH == WIDTH\n"
            "    return nn.Sequential(nn.Flatten(), nn.Linear(120, WIDTH), nn.Linear(WIDTH, k))\n",
        )
        write(tmp_path / version / "mynet.py", "import blocks\ndef net(k): return blocks.make(k)\n")
    old, new = (f"{tmp_path}/{version}/mynet.py:net" for version in ("old", "new"))
    assert build(old)[1].out_features == 3
    assert build(new)[1].out_features == 9
    assert build(old)[1].out_features == 3
    files = {source.file for source in read_own(old).sources}
    assert files == {"mynet.py", "blocks.py", "sizes/numbers.py"}


def test_two_different_files_of_one_name_are_refused_in_one_call(tmp_path: Path) -> None:
    first = write(tmp_path / "a" / "mynet.py", NET)
    second = write(tmp_path / "b" / "mynet.py", NET.replace("8", "9"))
    with using(str(first)), pytest.raises(SourceError, match=r"two different files mynet\.py"):
        read_and_join(second)


def read_and_join(file: Path) -> None:
    with using(str(file)):
        pass


class Tiny(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(120, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.linear(images.flatten(1))


def test_a_class_given_in_python_brings_the_file_that_defines_it() -> None:
    own = read_own(Tiny)
    assert own.name is not None
    assert own.name.endswith("test_own_network.py:Tiny")
    assert own.sources[0].text == Path(__file__).read_text()
    assert build(Tiny).linear.out_features == 4


def test_code_inside_a_method_does_not_lose_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = NET.replace("self.head(", "(lambda x: self.head(x))(")
    write(tmp_path / "with_lambda.py", text)
    monkeypatch.syspath_prepend(str(tmp_path))
    own = read_own(importlib.import_module("with_lambda").Net)
    assert own.sources[0].file == "with_lambda.py"


def test_annotations_of_a_file_are_what_the_file_makes_of_them(tmp_path: Path) -> None:
    file = write(tmp_path / "net.py", NET + "\n\n    def width(value: int) -> None: ...\n")
    with_check = (
        file.read_text() + "\nassert width.__annotations__ == {'value': int, 'return': None}\n"
    )
    build(f"{write(file, with_check)}:Net")


def test_what_has_no_source_is_known_by_a_hash_of_its_code() -> None:
    def made(width: int) -> type[nn.Module]:
        text = NET.replace("8", str(width))
        space: dict[str, type[nn.Module]] = {"__name__": "nowhere"}
        exec(textwrap.dedent(text), space)
        return space["Net"]

    own, same, other = (read_own(made(width)).sources[0] for width in (8, 8, 9))
    assert own.file is None
    assert own.sha256 == same.sha256 != other.sha256
    assert code_hash(partial(Tiny, classes=3)) != code_hash(partial(Tiny, classes=4))


HASHED = """
    import torch
    from grevy.models.own.code_hash import code_hash
    TABLE = {"relu": torch.relu, "kinds": {"a", "b", "c"}}
    class Net(torch.nn.Module):
        act = torch.relu
        def __init__(self, kind, norm=torch.sigmoid):
            self.kind = kind in {"conv", "pool", "linear", "norm"}
            self.act = TABLE[kind] if TABLE else torch.tanh
    print(code_hash(Net))
"""


def test_the_hash_of_code_is_the_same_in_every_process() -> None:
    hashes = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", textwrap.dedent(HASHED)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        hashes.add(subprocess.run(command, env=environment, stdout=-1, check=True).stdout)
    assert len(hashes) == 1
    assert code_hash(partial(Tiny, torch.relu)) != code_hash(partial(Tiny, torch.tanh))
    assert code_hash(partial(Tiny, {1, 2})) != code_hash(partial(Tiny, {1, 3}))


def test_a_decorated_method_keeps_the_source_and_brings_no_file_of_the_decorator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = NET.replace("    def forward", "    @torch.no_grad()\n        def forward")
    write(tmp_path / "decorated.py", text)
    monkeypatch.syspath_prepend(str(tmp_path))
    watched: list[str] = []
    monkeypatch.setattr(object_source, "watch_file", lambda file, name: watched.append(name))
    own = read_own(importlib.import_module("decorated").Net)
    assert own.sources[0].file == "decorated.py"
    assert set(watched) == {"decorated.py"}


def cells(*texts: str) -> dict[str, Any]:
    """What a notebook has after these cells."""
    space: dict[str, Any] = {"__name__": "__main__"}
    for number, text in enumerate(texts):
        name = f"<cell {number}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec"), space)
    return space


def test_a_class_of_a_notebook_is_cut_out_with_what_it_refers_to() -> None:
    space = cells(
        "import math\nimport torch.nn.functional as F\nfrom torch import nn\n"
        "from torch import Tensor as T\nWIDTH = (7,)\n",
        "class Base(nn.Module):\n    def area(self, shape): return math.prod(shape)\n",
        "data = open\nclass Net(Base):\n    def __init__(self, input_shape, classes):\n"
        "        super().__init__()\n"
        "        self.first = nn.Linear(self.area(input_shape), *WIDTH)\n"
        "        self.last = nn.Linear(*WIDTH, classes)\n"
        "    def forward(self, images: T) -> T:\n"
        "        return self.last(F.relu(self.first(images.flatten(1))))\n",
    )
    text = excerpt_of(space["Net"])
    again: dict[str, Any] = {"__name__": "elsewhere"}
    exec(text, again)
    assert again["Net"](SHAPE, 4).first.weight.shape == (7, 120)
    assert "data" not in again
    space["Base"] = nn.Module
    with pytest.raises(NoSourceError, match="Base was defined again"):
        excerpt_of(space["Net"])


def test_a_global_that_is_called_like_a_local_is_not_in_the_way() -> None:
    space = cells(
        "import torch\nfrom torch import nn\nx = torch.randn(3)\nk = open\nWIDTH = 3\n"
        "act = 'relu'\n",
        "class Net(nn.Module):\n    act = torch.relu\n    step = act\n"
        "    def __init__(self, classes):\n        super().__init__()\n"
        "        self.layers = nn.ModuleList([nn.Linear(120, classes + WIDTH - 3) for k in (1,)])\n"
        "    def forward(self, x):\n        return sum(k(x.flatten(1)) for k in self.layers)\n",
    )
    again: dict[str, Any] = {"__name__": "elsewhere"}
    exec(excerpt_of(space["Net"]), again)
    assert again["Net"](4)(torch.zeros(1, *SHAPE)).shape == (1, 4)
    assert again["WIDTH"] == 3
    assert not {"x", "k", "act"} & set(again)


def test_what_refers_to_an_object_that_no_text_makes_is_not_cut_out() -> None:
    space = cells("from torch import nn\nact = nn.ReLU()\ndef net(k): return nn.Sequential(act)\n")
    with pytest.raises(NoSourceError, match="'act' is a ReLU"):
        excerpt_of(space["net"])
    assert read_own(space["net"]).sources[0].file is None


# What is wrong with it


def test_a_syntax_error_is_shown_with_its_own_line(tmp_path: Path) -> None:
    broken = NET.replace("width, 3)", "width, 3")
    file = write(tmp_path / "mynet.py", broken)
    with pytest.raises(SourceFaultError) as error:
        read_own(str(file))
    said = str(error.value)
    assert said.startswith("mynet.py, line 8: SyntaxError: '(' was never closed")
    assert '"self.conv = nn.Conv2d(input_shape[0], width, 3"' in said


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("import torch\n", "import trch\n", 1, "ModuleNotFoundError: No module named 'trch'"),
        ("nn.Linear(width", "nn.Linaer(width", 9, "has no attribute 'Linaer'"),
        ("nn.Linear(width, classes)", "nn.Linear(width)", 9, "TypeError"),
        ("torch.relu(", "torch.rleu(", 12, "AttributeError"),
    ],
)
def test_an_error_while_importing_building_or_running_is_shown_with_its_own_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    file = write(tmp_path / "mynet.py", NET.replace(old, new))
    with pytest.raises(SourceFaultError) as error:
        build(str(file))
    text = file.read_text().splitlines()[line - 1].strip()
    assert str(error.value).startswith(f"mynet.py, line {line}: ")
    assert said in str(error.value)
    assert f'"{text}"' in str(error.value)
    assert error.value.__cause__ is not None


def test_an_error_in_a_module_beside_is_shown_in_that_module(tmp_path: Path) -> None:
    write(tmp_path / "blocks.py", "# one\n# two\n1 / 0\n")
    file = write(tmp_path / "mynet.py", "import blocks\n" + textwrap.dedent(NET))
    with pytest.raises(SourceFaultError, match=r'blocks\.py, line 3: ZeroDivisionError.*"1 / 0"'):
        read_own(str(file))


def test_a_picture_that_does_not_fit_names_shape_and_line(tmp_path: Path) -> None:
    file = write(tmp_path / "mynet.py", NET)
    with pytest.raises(InputTooSmallError, match=r"1×2×2 picture \(mynet\.py, line 12.*C, H, W"):
        build(str(file), (1, 2, 2))


def test_a_fixed_number_of_outputs_says_how_to_take_the_classes(tmp_path: Path) -> None:
    text = NET.replace("input_shape, classes, width=8", "self_width=8, width=8")
    text = text.replace("input_shape[0]", "1").replace("classes", "10")
    file = write(tmp_path / "mynet.py", text)
    assert build(str(file), classes=10).head.out_features == 10
    with pytest.raises(ModelArgumentError, match=r"\(1, 10\).*\(1, 4\).*__init__\(self, classes\)"):
        build(str(file))


def test_logits_are_taken_out_of_a_tuple_and_other_outputs_are_named() -> None:
    class Two(Tiny):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return super().forward(images), images  # type: ignore[return-value]

    class Pictures(Tiny):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return (images, images)  # type: ignore[return-value]

    assert isinstance(build(Two)(torch.zeros(2, *SHAPE)), torch.Tensor)
    with pytest.raises(ModelArgumentError, match="puts out a tuple"):
        build(Pictures)


def test_a_plugin_that_registers_nothing_says_what_is_missing(tmp_path: Path) -> None:
    file = write(tmp_path / "mynet.py", NET)
    with pytest.raises(SourceError, match=r"defines Net and registers nothing.*--model .*:Net"):
        read_own(plugin=file)


def test_a_plugin_registers_for_the_call_alone(tmp_path: Path) -> None:
    file = write(
        tmp_path / "mine.py",
        "import grevy\n"
        + textwrap.dedent(NET).replace("class Net", "@grevy.register_model('mine')\nclass Net"),
    )
    for _ in range(2):
        with using("mine", plugin=file) as name:
            assert name == "mine"
            assert build_model("mine", SHAPE, 4).head.out_features == 4
    assert "mine" not in model_names()


PLUGIN = """
    import grevy
    from grevy.recipes.kinds import LossConfig

    @grevy.register_loss("mine", config=LossConfig)
    def loss(config, classes, counts_K, device):
        return {letter!r}

    @grevy.register_listener("mine")
    def listener():
        return {letter!r}

    @grevy.register_inspector("mine")
    def look(classifier, pictures, settings):
        "{letter}"
"""


def test_each_call_has_the_parts_of_its_own_plugin_and_no_other(tmp_path: Path) -> None:
    files = [write(tmp_path / a / "mine.py", PLUGIN.format(letter=a)) for a in "ab"]
    for file in (*files, files[0]):
        with using(plugin=file):
            letter = file.parent.name
            assert find_part("loss", "mine").built(None, 4, None, "cpu") == letter
            assert build_listener("mine") == letter
            assert find_inspector("mine").summary == letter
            assert given().sources[0].text == file.read_text()
    assert "mine" not in known_parts("loss")
    assert "mine" not in listener_names()
    assert "mine" not in [inspector.name for inspector in grevy.inspectors()]


def test_what_a_plugin_imports_from_grevy_stays_for_every_call(tmp_path: Path) -> None:
    code = (
        "from grevy.models.own.using import using\nimport grevy\n"
        "with using(plugin='mine.py'): pass\n"
        "print('activations' in [inspector.name for inspector in grevy.inspectors()])\n"
    )
    imports = "from grevy.inspection.inspectors import activations  # register_\n"
    write(tmp_path / "mine.py", imports)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, stdout=-1, check=True)
    assert done.stdout.strip() == b"True"


def test_a_file_that_trains_while_it_is_loaded_is_refused(tmp_path: Path) -> None:
    script = textwrap.dedent(NET) + "\nimport grevy\ngrevy.train('digits', model=Net)\n"
    with pytest.raises(UsageError, match="__main__"):
        read_own(str(write(tmp_path / "script.py", script)))


# Softmax at the end


@pytest.mark.parametrize(
    ("last", "noticed"),
    [
        (nn.Softmax(1), True),
        (nn.LogSoftmax(1), False),
        (nn.Identity(), False),
        (nn.ReLU(), False),
        (nn.Sigmoid(), False),
    ],
)
def test_a_softmax_at_the_end_is_noticed(last: nn.Module, noticed: bool) -> None:
    network = nn.Sequential(linear(120, 4), nn.Dropout(), last).train()
    before = torch.get_rng_state()
    note = softmax_note(network, SHAPE)
    assert (note is not None) == noticed
    assert not note or "remove it" in note
    assert network.training
    assert torch.equal(torch.get_rng_state(), before)


# Other doors


def test_layers_counts_a_network_of_a_file_and_a_class(tmp_path: Path) -> None:
    file = write(tmp_path / "mynet.py", NET)
    table = grevy.layers(f"{file}:Net", SHAPE, classes=4, width=5)
    assert table.total_parameters == (9 + 1) * 5 + (5 + 1) * 4
    assert table.model == "mynet.py:Net"
    assert grevy.layers(Tiny, SHAPE, classes=4).total_parameters == 121 * 4


def test_look_opens_a_network_of_a_file_and_a_class(tmp_path: Path) -> None:
    file = write(tmp_path / "mynet.py", NET)
    view = grevy.look(model=f"{file}:Net", layer="conv", input_shape=SHAPE, classes=4)
    assert view.arrays["weights_OIHW"].shape == (8, 1, 3, 3)
