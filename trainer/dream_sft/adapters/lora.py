"""LoRA: a frozen projection plus a trained product of two thin matrices.

y = W x + b + (alpha / r) B A x (Hu et al.: "LoRA: Low-rank adaptation of large language models",
2021, section 4.1). A starts uniform as torch's linear layers do (PEFT's rule), B at zero, so that
training starts from the base. Factors, gradients and moments are float32 whatever the base is.

Shape letters: T rows, I inputs, O outputs, R rank.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from dream_sft.frozen.linear import FrozenLinear
from dream_sft.frozen.lora_products import lora_linears
from dream_sft.model.network import Dream, one_by_one


class LoraError(ValueError):
    """Settings that cannot work; `mistakes` lists them all."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(mistakes))


class LoraLinear(nn.Module):
    """A projection with its two factors; `base` may be stored in any way."""

    def __init__(self, base: FrozenLinear, rank: int, alpha: float, device: torch.device) -> None:
        super().__init__()
        self.base = base
        self.in_features, self.out_features = base.in_features, base.out_features
        self.scale = alpha / rank
        self.lora_A = nn.Parameter(torch.empty(rank, self.in_features, device=device))
        self.lora_B = nn.Parameter(torch.zeros(self.out_features, rank, device=device))

    def forward(self, x: Tensor) -> Tensor:
        return products_of_one_input([self], x)[0]


def products_of_one_input(layers: Sequence[nn.Module], x: Tensor) -> list[Tensor]:
    """The outputs of projections that see the same x, as one operator where all have factors."""
    lora = [layer for layer in layers if isinstance(layer, LoraLinear)]
    if len(lora) < len(layers):
        return one_by_one(layers, x)
    x_TI, base = x.flatten(0, -2), lora[0].base
    scaled = [layer.lora_A * layer.scale for layer in lora]
    lora_A = scaled[0] if len(scaled) == 1 else torch.cat(scaled)
    stored = [part for layer in lora for part in layer.base.stored()]
    factors_B = [layer.lora_B for layer in lora]
    found = lora_linears(base.kind, x_TI, base.parts(x_TI), stored, lora_A, factors_B)
    return [
        _with_bias(y_TO.view(*x.shape[:-1], layer.out_features), layer.base.bias)
        for layer, y_TO in zip(lora, found[:-1], strict=True)
    ]


def _with_bias(y: Tensor, bias: Tensor | None) -> Tensor:
    return y if bias is None else y + bias


def add_lora(model: Dream, lora: dict[str, Any], seed: int | None) -> None:
    """Put factors beside the projections that `lora["modules"]` names, drawn by `seed`.

    They are frozen by it, in their own storage when they are not yet (`frozen.storage.freeze`).

    Without a seed A is left as allocated, for a model that a checkpoint or nothing fills.

    Raises LoraError naming every projection whose smaller side the rank exceeds.
    """
    rank, mistakes = lora["rank"], []
    places = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, (nn.Linear, FrozenLinear))
        and name.rpartition(".")[2] in lora["modules"]
    ]
    for name, module in places:
        smaller = min(module.in_features, module.out_features)
        if rank > smaller:
            mistakes.append(f"lora.rank {rank} exceeds the smaller side {smaller} of {name}")
    if mistakes:
        raise LoraError(mistakes)
    for name, module in places:
        parent = model.get_submodule(name.rpartition(".")[0])
        base = module if isinstance(module, FrozenLinear) else FrozenLinear(module)
        layer = LoraLinear(base, rank, lora["alpha"], base.weight.device)
        if seed is not None:
            _draw(layer.lora_A, seed, name)
        setattr(parent, name.rpartition(".")[2], layer)
    for decoder_layer in model.layers():
        # q, k and v as one operator, and gate and up: fewer and thicker thin products.
        decoder_layer.self_attn.products = decoder_layer.mlp.products = products_of_one_input


@torch.no_grad()
def _draw(lora_A: Tensor, seed: int, name: str) -> None:
    """Uniform on ±1/sqrt(I): kaiming_uniform_ with a = sqrt(5). A function of seed and name."""
    identity = hashlib.sha256(f"{seed} {name}".encode()).digest()
    # On the CPU, where the same seed means the same numbers on every machine.
    draw = torch.Generator("cpu").manual_seed(int.from_bytes(identity[:7], "big"))
    bound = 1.0 / math.sqrt(lora_A.shape[1])
    lora_A.copy_((torch.rand(lora_A.shape, generator=draw) * 2.0 - 1.0) * bound)


def trainable(model: Dream) -> dict[str, nn.Parameter]:
    """The factors by name: `model.layers.0.self_attn.q_proj.lora_A`, ..."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
