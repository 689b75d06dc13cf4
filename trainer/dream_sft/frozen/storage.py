"""Freezing a model and choosing how its projections are stored."""

from __future__ import annotations

import torch
from torch import nn

from dream_sft.frozen.linear import Fp8Linear, FrozenLinear, Int8Linear
from dream_sft.model.network import Dream, Layer

STORAGES: dict[str, type[FrozenLinear]] = {
    "fp32": FrozenLinear,
    "bf16": FrozenLinear,
    "fp8": Fp8Linear,
    "int8": Int8Linear,
}


class StorageError(ValueError):
    """A storage that this device cannot compute with."""


def check_storage(storage: str, device: torch.device) -> None:
    """Raises StorageError for fp8 on a card before SM89."""
    if storage == "fp8" and device.type == "cuda" and torch.cuda.get_device_capability() < (8, 9):
        raise StorageError(
            f"basePrecision fp8 needs a card of SM89 or newer; {torch.cuda.get_device_name()} "
            "is older: use int8 or bf16"
        )


def freeze(model: Dream, storage: str, device: torch.device) -> None:
    """Stop gradients of every weight; store the layers' projections as `storage` says.

    Embedding, head and norms stay as loaded, as do layers that `freeze_layer` has met before.
    Raises StorageError (see check_storage).
    """
    check_storage(storage, device)
    model.requires_grad_(False)
    for layer in model.layers():
        freeze_layer(layer, storage)


def freeze_layer(layer: Layer, storage: str) -> None:
    """One layer of it, projection by projection: each lets go of its weight before the next."""
    layer.requires_grad_(False)
    for parent in (layer.self_attn, layer.mlp):
        for name, _ in list(parent.named_children()):  # no list of weights: it would keep them
            child = getattr(parent, name)
            if isinstance(child, nn.Linear):
                setattr(parent, name, STORAGES[storage](child))
