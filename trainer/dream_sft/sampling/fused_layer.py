"""A layer with fewer, larger products: q, k and v in one, gate and up in one.

Shape letters: B rows, L positions, D hidden width, H query heads, G key-value heads, K head
width, F feed-forward width.

At a thousand positions a product of 3584 columns leaves a third of a card's multiprocessors idle,
one of 512 most of them. The weights are moved into one tensor and the model's own become views
of it, so that nothing is held twice and the model goes on working.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from dream_sft.model.network import Layer, Linear, rotate


@dataclass(frozen=True)
class FusedWeights:
    """Of one layer."""

    qkv: Tensor  # [(H + 2 G) K, D]
    qkv_bias: Tensor
    gate_up: Tensor  # [2 F, D]


def fuse(layer: Layer) -> FusedWeights | None:
    """Join the layer's weights in place; None where a projection is no plain one."""
    attention, mlp = layer.self_attn, layer.mlp
    qkv = [attention.q_proj, attention.k_proj, attention.v_proj]
    pair = [mlp.gate_proj, mlp.up_proj]
    if any(type(part) is not Linear for part in (*qkv, *pair)):
        return None
    bias = torch.cat([part.bias.detach() for part in qkv])
    return FusedWeights(_joined(qkv), bias, _joined(pair))


def _joined(parts: list[Linear]) -> Tensor:
    weights = [part.weight.detach() for part in parts]
    rows, width = [len(weight) for weight in weights], weights[0].shape[1]
    ends = [sum(rows[: n + 1]) * width for n in range(len(rows))]
    first = weights[0]
    origin = first.storage_offset()
    storages = {weight.untyped_storage().data_ptr() for weight in weights}
    offsets = [weight.storage_offset() - origin for weight in weights]
    if len(storages) == 1 and offsets == [0, *ends[:-1]]:  # joined by an earlier call
        return first.as_strided((sum(rows), width), (width, 1), origin)
    joined = torch.cat(weights)
    for part, view in zip(parts, torch.split(joined, rows), strict=True):
        part.weight.data = view
    return joined


def before_attention(
    layer: Layer, x_BLD: Tensor, cos: Tensor, sin: Tensor, qkv: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """As Layer.before_attention."""
    attention = layer.self_attn
    joined = functional.linear(layer.input_layernorm(x_BLD), qkv, bias)
    sizes = [attention.q_proj.out_features, *[attention.k_proj.out_features] * 2]
    form = (*x_BLD.shape[:2], -1, attention.head_dim)
    q, k, v = (part.view(form) for part in torch.split(joined, sizes, dim=-1))
    return rotate(q, cos, sin), rotate(k, cos, sin), v


def after_attention(layer: Layer, x_BLD: Tensor, mixed_BLHK: Tensor, gate_up: Tensor) -> Tensor:
    """As Layer.after_attention."""
    x_BLD = x_BLD + layer.self_attn.combine(mixed_BLHK)
    joined = functional.linear(layer.post_attention_layernorm(x_BLD), gate_up)
    gate, up = joined.chunk(2, dim=-1)
    out: Tensor = x_BLD + layer.mlp.down_proj(functional.silu(gate) * up)
    return out
