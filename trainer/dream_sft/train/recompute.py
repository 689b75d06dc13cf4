"""Activation checkpointing: which layers compute their activations again in the backward pass.

The layers at the end keep theirs: their backward comes first, while the others' is still to come,
so any choice of n layers peaks alike; the first ones are taken.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from dream_sft.model.network import Attend, Dream, Layer, run_layer


def recompute_layers(model: Dream, share: float) -> int:
    """Let `share` of the layers (0 to 1, rounded up) be computed again; returns how many."""
    layers = model.layers()
    chosen = {id(layer) for layer in layers[: math.ceil(share * len(layers))]}

    def run(layer: Layer, x_BLD: Tensor, cos: Tensor, sin: Tensor, attend: Attend) -> Tensor:
        if id(layer) not in chosen or not torch.is_grad_enabled():
            return run_layer(layer, x_BLD, cos, sin, attend)
        # Reentrant: without hooks on saved tensors around compiled code, which cost a sixth of the
        # host's time a layer (small model, CPU).
        # Nothing inside draws random numbers, so no generator state is kept.
        out: Tensor = checkpoint(
            layer, x_BLD, cos, sin, attend, use_reentrant=True, preserve_rng_state=False
        )
        return out

    model.run_layer = run
    return len(chosen)
