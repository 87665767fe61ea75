"""How each operation moves what its result sees of the picture.

A rule gets the call and its result and returns what is known of the result. An operation without
a rule makes its result `Unknown`, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from grevy.models.survey.calls import Call
from grevy.models.survey.mixing import (
    attention,
    batch_norm,
    concatenated,
    group_norm,
    layer_norm,
    matrix_product,
    pointwise,
    reduced,
    softmax,
)
from grevy.models.survey.places import (
    expanded,
    permuted,
    rolled,
    same,
    selected,
    sliced,
    split,
    transposed_matrix,
    view,
)
from grevy.models.survey.reach import Seen, Unknown
from grevy.models.survey.windows import (
    adaptive_pool,
    convolution,
    enlarged_by_mixing,
    enlarged_by_nearest,
    padded,
    pool,
)

Rule = Callable[[Call], Seen]
aten = torch.ops.aten


def seen_of(call: Call) -> Seen:
    """What the result of a call sees."""
    inputs = [call.seen(tensor) for tensor in call.tensors()]
    unknown = next((seen for seen in inputs if isinstance(seen, Unknown)), None)
    if unknown or not any(inputs):
        return unknown
    rule = RULES.get(call.operation.overloadpacket)
    if rule is None and torch.Tag.pointwise in call.operation.tags:
        rule = pointwise
    return rule(call) if rule else Unknown(str(call.operation.overloadpacket))


def _table(*pairs: tuple[Rule, str]) -> dict[Any, Rule]:
    """Rules by operation; names that this version of torch does not have are left out."""
    return {
        getattr(aten, name): rule
        for rule, names in pairs
        for name in names.split()
        if hasattr(aten, name)
    }


RULES = _table(
    (convolution, "convolution convolution mkldnn_convolution"),
    (pool, "max_pool2d_with_indices max_pool2d avg_pool2d max_pool1d avg_pool1d"),
    (adaptive_pool, "_adaptive_avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d"),
    (enlarged_by_nearest, "upsample_nearest2d _upsample_nearest_exact2d"),
    (enlarged_by_mixing, "upsample_bilinear2d"),
    (padded, "constant_pad_nd reflection_pad2d replication_pad2d"),
    (reduced, "mean sum amax amin std var var_mean norm linalg_vector_norm logsumexp"),
    (softmax, "_softmax _log_softmax softmax log_softmax"),
    (layer_norm, "native_layer_norm layer_norm"),
    (group_norm, "native_group_norm group_norm"),
    (batch_norm, "native_batch_norm batch_norm _native_batch_norm_legit_no_training"),
    (view, "view _unsafe_view reshape unsqueeze squeeze unsqueeze_ squeeze_"),
    (same, "alias detach as_strided_ contiguous lift_fresh native_dropout hardswish hardswish_"),
    (permuted, "permute transpose transpose_"),
    (transposed_matrix, "t"),
    (expanded, "expand"),
    (selected, "select unbind"),
    (sliced, "slice"),
    (split, "split split_with_sizes chunk unsafe_split unsafe_split_with_sizes unsafe_chunk"),
    (rolled, "roll"),
    (concatenated, "cat"),
    (matrix_product, "mm addmm bmm baddbmm"),
    (
        attention,
        "_scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_flash_attention "
        "_scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention "
        "_scaled_dot_product_attention_math _scaled_dot_product_fused_attention_overrideable",
    ),
)
