"""Residual networks (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016).

Parameters have torchvision's names, so that its ImageNet weights load, and timm's of `resnet18`,
`resnet34` and `resnet50`.

Shapes: B pictures, C channels, H rows, W columns.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from grevy.models.registry import register_model

WIDTHS = (64, 128, 256, 512)


@register_model("resnet18")
def resnet18(input_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """18 layers; 11,689,512 parameters for RGB pictures and 1,000 classes."""
    return resnet(input_shape, classes, BasicBlock, (2, 2, 2, 2))


@register_model("resnet34")
def resnet34(input_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """34 layers; 21,797,672 parameters for RGB pictures and 1,000 classes."""
    return resnet(input_shape, classes, BasicBlock, (3, 4, 6, 3))


@register_model("resnet50")
def resnet50(input_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """50 layers; 25,557,032 parameters for RGB pictures and 1,000 classes."""
    return resnet(input_shape, classes, Bottleneck, (3, 4, 6, 3))


def resnet(
    input_shape: tuple[int, int, int],
    classes: int,
    block: type[BasicBlock] | type[Bottleneck],
    depths: tuple[int, int, int, int],
) -> nn.Sequential:
    """Stem, four stages of residual blocks, global average, one linear layer.

    Weights of convolutions are drawn as in He et al. 2015 (normal, by outgoing connections).

    Args:
        input_shape: channels, height, width; every height and width from 1 on will do.
        classes: number of outputs K.
        block: what the stages are made of.
        depths: blocks in each stage.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=nn.Conv2d(input_shape[0], WIDTHS[0], 7, stride=2, padding=3, bias=False),
        bn1=nn.BatchNorm2d(WIDTHS[0]),
        relu=nn.ReLU(inplace=True),
        maxpool=nn.MaxPool2d(3, stride=2, padding=1),
    )
    channels = WIDTHS[0]
    for stage, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True), start=1):
        layers[f"layer{stage}"] = _stage(block, channels, width, depth, 1 if stage == 1 else 2)
        channels = width * block.expansion
    layers["avgpool"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["fc"] = nn.Linear(channels, classes)
    return nn.Sequential(layers).apply(_draw_convolution)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut.

    Args:
        channels: of the input.
        width: channels of the output.
        stride: of the first convolution and the shortcut.
    """

    expansion = 1

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _convolution(channels, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = _convolution(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(channels, width, stride)
        self.relu2 = nn.ReLU(inplace=True)

    def forward(self, maps_BCHW: Tensor) -> Tensor:
        """Maps `[B, channels, H, W]` to `[B, width, H/stride, W/stride]`."""
        inner_BCHW = self.relu1(self.bn1(self.conv1(maps_BCHW)))
        residual_BCHW = self.bn2(self.conv2(inner_BCHW))
        out_BCHW: Tensor = self.relu2(residual_BCHW + self.downsample(maps_BCHW))
        return out_BCHW


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolution beside a shortcut; the 3×3 one has the stride ("v1.5").

    He et al. give the stride to the first convolution; torchvision's weights, and this form, are
    those of Goyal et al. 2017.

    Args:
        channels: of the input.
        width: channels inside; the output has four times as many.
        stride: of the 3×3 convolution and the shortcut.
    """

    expansion = 4

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _convolution(channels, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = _convolution(width, width, 3, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv3 = _convolution(width, width * self.expansion, 1)
        self.bn3 = nn.BatchNorm2d(width * self.expansion)
        self.downsample = _shortcut(channels, width * self.expansion, stride)
        self.relu3 = nn.ReLU(inplace=True)

    def forward(self, maps_BCHW: Tensor) -> Tensor:
        """Maps `[B, channels, H, W]` to `[B, 4 width, H/stride, W/stride]`."""
        narrow_BCHW = self.relu1(self.bn1(self.conv1(maps_BCHW)))
        inner_BCHW = self.relu2(self.bn2(self.conv2(narrow_BCHW)))
        residual_BCHW = self.bn3(self.conv3(inner_BCHW))
        out_BCHW: Tensor = self.relu3(residual_BCHW + self.downsample(maps_BCHW))
        return out_BCHW


def _stage(
    block: type[BasicBlock] | type[Bottleneck], channels: int, width: int, depth: int, stride: int
) -> nn.Sequential:
    first = block(channels, width, stride)
    return nn.Sequential(
        first, *(block(width * block.expansion, width, 1) for _ in range(depth - 1))
    )


def _convolution(channels: int, filters: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, filters, kernel, stride, padding=kernel // 2, bias=False)


def _shortcut(channels: int, filters: int, stride: int) -> nn.Module:
    if stride == 1 and channels == filters:
        return nn.Identity()
    return nn.Sequential(_convolution(channels, filters, 1, stride), nn.BatchNorm2d(filters))


def _draw_convolution(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
