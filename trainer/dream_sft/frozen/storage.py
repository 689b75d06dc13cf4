"""Freezing a model and choosing how its projections are stored."""

from __future__ import annotations

import torch
from torch import nn

from dream_sft.frozen.linear import Fp8Linear, FrozenLinear, Int8Linear
from dream_sft.model.network import Dream

STORAGES: dict[str, type[FrozenLinear]] = {
    "fp32": FrozenLinear,
    "bf16": FrozenLinear,
    "fp8": Fp8Linear,
    "int8": Int8Linear,
}


class StorageError(ValueError):
    """A storage that this device cannot compute with."""


def freeze(model: Dream, storage: str, device: torch.device) -> None:
    """Stop gradients of every weight; store the layers' projections as `storage` says.

    Embedding, head and norms stay as loaded. Raises StorageError for fp8 on a card before SM89.
    """
    model.requires_grad_(False)
    if storage == "fp8" and device.type == "cuda" and torch.cuda.get_device_capability() < (8, 9):
        raise StorageError(
            f"basePrecision fp8 needs a card of SM89 or newer; {torch.cuda.get_device_name()} "
            "is older: use int8 or bf16"
        )
    for layer in model.layers():
        for parent in (layer.self_attn, layer.mlp):
            for name, child in list(parent.named_children()):
                if isinstance(child, nn.Linear):
                    setattr(parent, name, STORAGES[storage](child))
