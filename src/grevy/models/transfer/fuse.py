"""A frozen front without its batch norms: each is folded into the convolution before it."""

from __future__ import annotations

from collections import Counter

from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse_batch_norms(front: fx.GraphModule) -> fx.GraphModule:
    """The same function of a picture, but for rounding, in fewer passes over memory.

    A batch norm that uses its running statistics is a scale and a shift for each channel, which
    the convolution's weights and bias can do (Jacob et al. 2018, section 3.2).

    Args:
        front: traced, in eval mode; its own places are filled anew, the layers stay as they are.
    """
    uses = Counter(str(node.target) for node in front.graph.nodes if node.op == "call_module")
    layers = dict(front.named_modules())
    for node in front.graph.nodes:
        before = node.args[0] if node.op == "call_module" and node.args else None
        if not isinstance(before, fx.Node) or before.op != "call_module":
            continue
        first, second = str(before.target), str(node.target)
        if len(before.users) == uses[first] == uses[second] == 1 and _fits(layers, first, second):
            front.set_submodule(first, fuse_conv_bn_eval(layers[first], layers[second]))
            front.set_submodule(second, _what_is_left(layers[second]))
    return front


def _fits(layers: dict[str, nn.Module], first: str, second: str) -> bool:
    norm = layers[second]
    convolution = isinstance(layers[first], nn.Conv2d)
    return convolution and isinstance(norm, _BatchNorm) and norm.running_mean is not None


def _what_is_left(norm: nn.Module) -> nn.Module:
    """The activation that some batch norms carry inside, as timm's do."""
    inside = [child for _, child in norm.named_children()]
    return nn.Sequential(*inside)
