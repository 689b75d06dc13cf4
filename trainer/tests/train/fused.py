"""What the fused tests share: micro-batches of both kinds, plain accumulation, optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from dream_sft.diffusion.loss import masked_loss, plan_loss
from dream_sft.diffusion.masking import ANSWER, PROMPT
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.network import Dream
from dream_sft.train.fused_backward import FusedBackward, FusedResult
from dream_sft.train.fused_micro import fused_micro, layer_runner
from dream_sft.train.micro_batches import MicroBatch

MASK = 39


def padded_micro(seed: int, rows: int = 3, length: int = 9) -> MicroBatch:
    """Rows of different lengths; the first token of the first row is masked, and the second."""
    random = np.random.default_rng(seed)
    ids_BL = random.integers(0, MASK - 1, (rows, length))
    keep_BL = np.arange(length)[None] < random.integers(4, length + 1, rows)[:, None]
    masked_BL = (random.random((rows, length)) < 0.5) & keep_BL
    masked_BL[0, :2] = True
    return _micro(random, ids_BL, masked_BL, None, keep_BL=keep_BL)


def packed_micro(seed: int, lengths: tuple[int, ...] = (5, 7, 4)) -> MicroBatch:
    """Documents end to end; the last one is padding."""
    random = np.random.default_rng(seed)
    row = sum(lengths)
    ids_BL = random.integers(0, MASK - 1, (1, row))
    starts_BL = np.zeros((1, row), np.bool_)
    starts_BL[0, np.cumsum((0, *lengths[:-1]))] = True
    masked_BL = (random.random((1, row)) < 0.5) | starts_BL
    masked_BL[0, row - lengths[-1] :] = False
    return _micro(random, ids_BL, masked_BL, starts_BL, lengths=lengths)


def _micro(
    random: np.random.Generator,
    ids_BL: np.ndarray,
    masked_BL: np.ndarray,
    starts_BL: np.ndarray | None,
    *,
    keep_BL: np.ndarray | None = None,
    lengths: tuple[int, ...] | None = None,
) -> MicroBatch:
    weights_BL = random.random(ids_BL.shape).astype(np.float32) + 0.1
    parts_BL = np.where(masked_BL, ANSWER, PROMPT).astype(np.int8)
    return MicroBatch(
        noised_BL=np.where(masked_BL, MASK, ids_BL),
        keep_BL=keep_BL,
        plan=plan_loss(ids_BL, masked_BL, weights_BL, parts_BL, starts_BL),
        sample_ids=[int(random.integers(0, 1 << 40)) for _ in range(3)],
        lengths=lengths,
    )


def masked_of(micros: Sequence[MicroBatch]) -> float:
    return float(sum(micro.plan.masked for micro in micros))


def accumulated(model: Dream, micros: Sequence[MicroBatch]) -> tuple[float, dict[str, Tensor]]:
    """Loss and float32 gradients of plain accumulation through the network's own forward."""
    share, total = masked_of(micros), 0.0
    sums: dict[str, Tensor] = {}
    for micro in micros:
        if micro.plan.masked == 0:
            continue
        keep = None if micro.keep_BL is None else torch.from_numpy(micro.keep_BL)
        bounds = None if micro.lengths is None else DocumentBounds.of(micro.lengths, "cpu")
        hidden = model.hidden(torch.from_numpy(micro.noised_BL), keep_BL=keep, bounds=bounds)
        loss = masked_loss(model.head, hidden, micro.plan).total / share
        named = dict(model.named_parameters())
        for name, found in zip(named, torch.autograd.grad(loss, list(named.values())), strict=True):
            sums[name] = sums.get(name, 0) + found.float()
        total += float(loss.detach())
    return total, sums


def fused_step(
    fused: FusedBackward, model: Dream, micros: Sequence[MicroBatch], rate: float, step: int = 1
) -> FusedResult:
    share = masked_of(micros)
    return fused.step([fused_micro(model, micro, share) for micro in micros], rate, step)


@dataclass
class Recorder:
    """A block optimizer that keeps gradients and moves nothing."""

    previous_norm: float | None = None
    scales: list[float] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    gradients: dict[str, Tensor] = field(default_factory=dict)

    def begin(self, learning_rate: float, scale: float = 1.0) -> None:
        self.scales.append(scale)

    def update(self, name: str, gradient: Tensor) -> None:
        assert name not in self.gradients, f"{name} twice"
        self.order.append(name)
        self.gradients[name] = gradient


class TorchBlocks:
    """float32 weights, one torch.optim.AdamW each."""

    def __init__(self, model: Dream) -> None:
        self.weights = dict(model.named_parameters())
        self.each = {
            name: torch.optim.AdamW([weight], betas=(0.9, 0.95), weight_decay=0.01)
            for name, weight in self.weights.items()
        }
        self.previous_norm: float | None = None

    def begin(self, learning_rate: float, scale: float = 1.0) -> None:
        self.rate, self.scale = learning_rate, scale

    def update(self, name: str, gradient: Tensor) -> None:
        self.weights[name].grad = gradient * self.scale
        self.each[name].param_groups[0]["lr"] = self.rate
        self.each[name].step()
        self.weights[name].grad = None


def fused_over(model: Dream, optimizer: object, clip: float | None = 1.0) -> FusedBackward:
    return FusedBackward(
        model,
        optimizer,  # type: ignore[arg-type]
        layer_runner(model),
        clip_norm=clip,
        chunk=4,
    )
