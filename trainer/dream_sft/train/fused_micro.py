"""Micro-batches of the trainer as fused_backward.py takes them, for the network `Dream`."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.network import Dream
from dream_sft.model.to_device import on_device
from dream_sft.train.fused_backward import FusedMicro, RunLayer
from dream_sft.train.micro_batches import MicroBatch


def fused_micro(model: Dream, micro: MicroBatch, share: float) -> FusedMicro:
    """Move a micro-batch to the model's device. `share` is what `loss.divisor` returns."""
    weight = model.lm_head.weight
    ids_BL = on_device(micro.noised_BL, weight.device)
    keep_BL = None
    if micro.keep_BL is not None:
        keep_BL = on_device(micro.keep_BL, weight.device)
    bounds = None
    if micro.lengths is not None:
        bounds = DocumentBounds.of(micro.lengths, weight.device)
    positions_BL = model._positions(ids_BL, keep_BL, bounds)
    cos, sin = model.model.rotary(positions_BL, weight.dtype)
    context = (cos, sin, model.attention(keep_BL, bounds))
    return FusedMicro(ids_BL, micro.plan, share, context, micro.sample_ids)


def layer_runner(model: Dream) -> RunLayer:
    """Runs a layer on a block input, with the kernels that `model` is set to."""

    def run(layer: Any, x_BLD: Tensor, micro: FusedMicro) -> Tensor:
        return model.run_layer(layer, x_BLD, *micro.context)

    return run
