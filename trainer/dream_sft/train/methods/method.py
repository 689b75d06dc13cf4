"""What the training loop asks of a method, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from torch import Tensor

from dream_sft.diffusion.loss import LEVELS
from dream_sft.io.files import FileEntry
from dream_sft.model.network import Dream
from dream_sft.train.micro_batches import GlobalBatch, MicroBatch


@dataclass(frozen=True)
class StepResult:
    """Mean weighted loss of masked tokens in nats, whole and by part (None: none was masked)."""

    loss: float | None
    parts: list[float | None]
    gradient_norm: float
    nll_by_t: list[float | None] = field(default_factory=list)
    """Unweighted nats per masked token, by bucket of t (None: none was masked); may be empty."""


def summed_up(
    batch: GlobalBatch, loss: float, norm: float, parts_weighted: list[float], levels: list[float]
) -> StepResult:
    """The result of a step from sums over its masked tokens."""
    plans = [micro.plan for micro in batch.micro_batches]
    counts = [sum(plan.counts[part] for plan in plans) for part in range(len(parts_weighted))]
    at_level = sum(
        (np.bincount(plan.levels, minlength=LEVELS) for plan in plans), np.zeros(LEVELS, np.int64)
    )
    return StepResult(loss, _means(parts_weighted, counts), norm, _means(levels, at_level.tolist()))


def _means(sums: list[float], counts: list[int]) -> list[float | None]:
    return [total / n if n else None for total, n in zip(sums, counts, strict=True)]


class Method(Protocol):
    """Weights, their optimizer, and how both are written and read."""

    model: Dream
    trains_all: bool
    sharded: bool
    """Whether every rank holds a part only, and so takes part in checkpoints and export."""
    base_sha256: str | None
    """Of the base, where checkpoints do not hold it (`state.base_digest`)."""

    def step(self, batch: GlobalBatch, rate: float) -> StepResult:
        """One optimizer step. Raises DivergedError and ResourceError."""

    def try_gradient(self, batch: GlobalBatch) -> None:
        """Forward and backward of a batch, its gradients thrown away. Raises ResourceError."""

    def bytes_to_come(self) -> int:
        """What the device may come to hold beside a tried gradient: recordings of other rows."""

    def nll(self, micro_batches: Sequence[MicroBatch]) -> float:
        """Unweighted nats over all masked tokens, without gradient. Raises ResourceError."""

    def weights(self) -> Mapping[str, Tensor]:
        """What is trained, by name; live tensors."""

    def moments(self) -> Mapping[str, Tensor]:
        """The optimizer's state, by name; live tensors."""

    def checkpoint_bytes(self) -> int:
        """Of weights and moments, as they are after the first update."""

    def write(self, folder: Path, weights: dict[str, Tensor], moments: dict[str, Tensor]) -> None:
        """Write both into a checkpoint's folder: host copies, in another thread, or, where the host
        has no room for copies, the live tensors. The files are the same."""

    def restore(self, folder: Path, updates: int) -> list[str]:
        """Take the optimizer's state from a checkpoint; returns what does not fit."""

    def export(self, output: Path) -> list[FileEntry]:
        """Write the fine-tuned model in the Hugging Face layout; its files, read back for their
        digests, sorted by path."""

    def join_export(self, output: Path) -> None:
        """What the other ranks do while the first one exports."""

    def weights_sha256(self) -> str:
        """Digest of what is trained."""
