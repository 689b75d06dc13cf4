"""What the training loop asks of a method, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor

from dream_sft.model.network import Dream
from dream_sft.train.micro_batches import GlobalBatch, MicroBatch


@dataclass(frozen=True)
class StepResult:
    """Mean weighted loss of masked tokens in nats, whole and by part (None: none was masked)."""

    loss: float
    parts: list[float | None]
    gradient_norm: float


class Method(Protocol):
    """Weights, their optimizer, and how both are written and read."""

    model: Dream

    def step(self, batch: GlobalBatch, rate: float) -> StepResult:
        """One optimizer step. Raises DivergedError and ResourceError."""

    def try_gradient(self, batch: GlobalBatch) -> None:
        """Forward and backward of a batch, its gradients thrown away. Raises ResourceError."""

    def nll(self, micro_batches: Sequence[MicroBatch]) -> float:
        """Unweighted nats over all masked tokens, without gradient."""

    def weights(self) -> Mapping[str, Tensor]:
        """What is trained, by name; live tensors."""

    def moments(self) -> Mapping[str, Tensor]:
        """The optimizer's state, by name; live tensors."""

    def write(self, folder: Path, weights: dict[str, Tensor], moments: dict[str, Tensor]) -> None:
        """Write host copies of both into a checkpoint's folder; called in another thread."""

    def restore(self, folder: Path, updates: int) -> list[str]:
        """Take the optimizer's state from a checkpoint; returns what does not fit."""

    def export(self, output: Path) -> list[Path]:
        """Write the fine-tuned model in the Hugging Face layout; returns its files."""

    def weights_sha256(self) -> str:
        """Digest of what is trained."""
