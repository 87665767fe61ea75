"""The networks and their registry."""

from grevy.models import convnet as _convnet  # registers its networks
from grevy.models import resnet as _resnet
from grevy.models.registry import build_model, model_names, register_model

__all__ = ["build_model", "model_names", "register_model"]

del _convnet, _resnet
