"""AdamW over float32 weights, and its state as named tensors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

MOMENTS = ("exp_avg", "exp_avg_sq")


def make_optimizer(model: nn.Module, training: dict[str, Any]) -> torch.optim.AdamW:
    """AdamW (Loshchilov, Hutter: "Decoupled weight decay regularization", 2019, algorithm 2).

    Matrices decay; biases and norm weights do not. The fused kernel is element by element, so it
    is as deterministic as the others, and the fastest on CPU and GPU.
    """
    weights = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in weights if p.dim() >= 2], "weight_decay": training["weightDecay"]},
        {"params": [p for p in weights if p.dim() < 2], "weight_decay": 0.0},
    ]
    first, second = training["betas"]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=training["learningRate"],
        betas=(first, second),
        fused=True,
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, value: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = value


def moments_of(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Both moments as `exp_avg.<weight>` and `exp_avg_sq.<weight>`: live tensors, not copies.

    Empty before the first update.
    """
    return {
        f"{moment}.{name}": optimizer.state[weight][moment]
        for name, weight in model.named_parameters()
        for moment in MOMENTS
        if weight in optimizer.state
    }


def restore_moments(
    model: nn.Module, optimizer: torch.optim.Optimizer, moments: dict[str, Tensor], updates: int
) -> list[str]:
    """Put moments back, as after `updates` updates; returns what does not fit (empty: all well)."""
    trained = {n: w for n, w in model.named_parameters() if w.requires_grad}
    wanted = {f"{m}.{name}": w for name, w in trained.items() for m in MOMENTS} if updates else {}
    mistakes = [f"{key} is missing" for key in wanted if key not in moments]
    mistakes += [f"{key} belongs to no weight of the model" for key in moments if key not in wanted]
    mistakes += [
        f"{key} has shape {list(moments[key].shape)}, expected {list(weight.shape)}"
        for key, weight in wanted.items()
        if key in moments and moments[key].shape != weight.shape
    ]
    if mistakes or not updates:
        return mistakes
    for name, weight in trained.items():
        # Copies: the loaded tensors may be views of a mapped file, aligned as it pleases.
        optimizer.state[weight] = {
            "step": torch.tensor(float(updates), dtype=torch.float32, device=weight.device),
            **{m: moments[f"{m}.{name}"].to(weight.device, copy=True) for m in MOMENTS},
        }
    return []
