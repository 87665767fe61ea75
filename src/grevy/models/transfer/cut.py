"""Where a network can be cut in two: before the first layer that is trained.

What lies before the cut is the same function of a picture in every epoch, so that its result (the
features) can be computed once and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import fx, nn

from grevy.models.logits import put_out_as
from grevy.models.transfer.frozen import TrainedLayers


@dataclass(frozen=True)
class Cut:
    """A traced network and the node after which it is cut.

    Attributes:
        after: name of the last node of the front.
        front: graph from pictures to features.
        back: graph from features to logits.
    """

    after: str
    front: fx.Graph
    back: fx.Graph

    def front_of(self, network: nn.Module) -> fx.GraphModule:
        """The front, made of the network's own layers."""
        return fx.GraphModule(network, self.front)

    def back_of(self, network: nn.Module) -> fx.GraphModule:
        """The back, made of the network's own layers: training it trains the network."""
        back = fx.GraphModule(network, self.back)
        put_out_as(back, network)
        return back


class _Tracer(fx.Tracer):
    """Takes as one node every layer without layers inside, and every layer with tensors of its own.

    The first may look at shapes, which can't be traced; the second, such as a batch norm with an
    activation inside, depends on its mode, which tracing would freeze.
    """

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        inside = any(True for _ in m.children())
        tensors = any(True for _ in (*m.parameters(recurse=False), *m.buffers(recurse=False)))
        return not inside or tensors or super().is_leaf_module(m, module_qualified_name)


def find_cut(network: nn.Module, layers: TrainedLayers) -> Cut | None:
    """The latest place where one tensor joins what is frozen and all that is trained.

    Returns:
        None where there is none: everything is trained, or the network can't be traced because its
        path depends on values, or does without layers what differs between training and use.
    """
    graph = _trace(network)
    if graph is None or any(node.target in _MODES for node in graph.nodes):
        return None
    nodes = list(graph.nodes)
    trained = set(layers.trained)
    place = _last_place(nodes, trained, network, layers)
    if place is None:
        return None
    return Cut(nodes[place].name, _front(graph, nodes, place), _back(graph, nodes, place))


_MODES = (F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.batch_norm, torch.dropout)
"""Functions that do something else in training: a trace has them in one mode only."""


def _trace(network: nn.Module) -> fx.Graph | None:
    training = network.training
    try:
        return _Tracer().trace(network.eval())
    except Exception:  # tracing runs the network's own code, which may raise anything
        return None
    finally:
        network.train(training)


def _last_place(
    nodes: Sequence[fx.Node], trained: set[str], network: nn.Module, layers: TrainedLayers
) -> int | None:
    found = None
    for index, node in enumerate(nodes):
        random = _is_random(node, network) and str(node.target) not in layers.still
        if _is_trained(node, trained) or random or node.op == "output":
            break
        if node.op not in ("placeholder", "get_attr") and _alone(nodes, index):
            found = index
    return found


def _is_trained(node: fx.Node, trained: set[str]) -> bool:
    if node.op not in ("call_module", "get_attr"):
        return False
    name = str(node.target)
    owner = name.rpartition(".")[0] if node.op == "get_attr" else name
    return any(t in (owner, name) or t.startswith(f"{owner}.") for t in trained)


def _is_random(node: fx.Node, network: nn.Module) -> bool:
    """Dropout of values, maps or paths: what it lets through differs from step to step."""
    if node.op != "call_module":
        return False
    layer = network.get_submodule(str(node.target))
    rate = getattr(layer, "p", getattr(layer, "drop_prob", 0.0))
    name = type(layer).__name__.lower()
    return ("drop" in name or "stochastic" in name) and bool(rate)


def _alone(nodes: Sequence[fx.Node], index: int) -> bool:
    """Whether nothing before this node, but this node itself, is used after it."""
    after = set(nodes[index + 1 :])
    earlier = (node for node in nodes[:index] if node.op != "get_attr")
    return not any(user in after for node in earlier for user in node.users)


def _front(graph: fx.Graph, nodes: Sequence[fx.Node], place: int) -> fx.Graph:
    front = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in nodes[: place + 1]:
        copies[node] = front.node_copy(node, lambda n: copies[n])
    front.output(copies[nodes[place]])
    return front


def _back(graph: fx.Graph, nodes: Sequence[fx.Node], place: int) -> fx.Graph:
    back = fx.Graph()
    copies = {nodes[place]: back.placeholder("features")}
    for node in nodes[: place + 1]:
        if node.op == "get_attr" and any(user in nodes[place + 1 :] for user in node.users):
            copies[node] = back.node_copy(node, lambda n: copies[n])
    for node in nodes[place + 1 :]:
        copies[node] = back.node_copy(node, lambda n: copies[n])
    return back
