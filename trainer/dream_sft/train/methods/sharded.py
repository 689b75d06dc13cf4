"""All weights in float32, spread over ranks by FSDP2, AdamW over each rank's rows.

A checkpoint is that of plain.py, byte for byte of the same weights: it resumes on any number of
ranks. Every rank writes its own rows (shared_files.py).
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dream_sft.diffusion.loss import masked_loss
from dream_sft.io.files import FileEntry, file_entries
from dream_sft.model.network import Dream
from dream_sft.model.saving import save_dream, write_weights
from dream_sft.model.weights import weights_sha256
from dream_sft.train.checkpoint import MODEL
from dream_sft.train.exact_adamw import clip_scale, squared_norm
from dream_sft.train.methods.accumulation import Accumulation
from dream_sft.train.methods.method import StepResult
from dream_sft.train.methods.optimized import OptimizedModel
from dream_sft.train.micro_batches import GlobalBatch, MicroBatch
from dream_sft.train.moments import moment_owners
from dream_sft.train.optimizer import AdamW
from dream_sft.train.optimizer_files import StoredTensors, write_optimizer
from dream_sft.train.ranks import Ranks
from dream_sft.train.sharding import LocalRows, StoredRows, local
from dream_sft.train.shared_files import SharedFiles


class LockstepAccumulation(Accumulation):
    """Every forward and backward gathers layers from all ranks, so all run equally many: one that
    has nothing left runs a micro-batch of the others, which counts for nothing."""

    def _own(self, micro_batches: Sequence[MicroBatch]) -> Iterator[tuple[MicroBatch, float]]:
        masked = [micro for micro in micro_batches if micro.plan.masked]
        smallest = min(masked, key=lambda micro: micro.noised_BL.size, default=None)
        count = self._ranks.count
        for begin in range(0, len(masked), count):
            at = begin + self._ranks.rank
            if at < len(masked):
                # FSDP2 takes the mean over ranks; the sum is wanted.
                yield masked[at], float(count)
            elif smallest is not None:
                yield smallest, 0.0

    def _exchange_gradients(self) -> None:
        """FSDP2 has done it in every backward."""


class ShardedFineTuning(OptimizedModel[AdamW]):
    """`training.fullMode: plain` with `worldSize` over 1."""

    trains_all = True
    sharded = True

    def __init__(self, model: Dream, training: dict[str, Any], base: Path, *, ranks: Ranks) -> None:
        """`model` is what sharding.load_sharded returns."""
        self._own = LocalRows(model)
        super().__init__(
            model,
            AdamW(self._own, training),
            partial(masked_loss, model.head),
            training,
            base,
            autocast=False,
            ranks=ranks,
            accumulation=LockstepAccumulation,
        )
        self._ranks = ranks
        # The first rank's process: folders where ranks meet bear its number.
        self._meeting = int(ranks.sum(torch.tensor([os.getpid() if ranks.first else 0])))
        self._exported: Path | None = None

    def step(self, batch: GlobalBatch, rate: float) -> StepResult:
        self._own.drop_gradients()
        return self._accumulation.step(
            batch, self._clipped_norm, lambda: self._optimizer.step(rate)
        )

    def _clipped_norm(self) -> float:
        gradients = self._own.take_gradients()
        squared = squared_norm(gradients).reshape(1).to(self.model.lm_head.weight.device)
        norm = math.sqrt(float(self._ranks.sum(squared)))
        scale = clip_scale(norm, self._clip)
        if scale < 1.0:
            torch._foreach_mul_(gradients, scale)
        return norm

    def try_gradient(self, batch: GlobalBatch) -> None:
        self._accumulation.try_gradient(batch)
        self._own.drop_gradients()

    def nll(self, micro_batches: Sequence[MicroBatch]) -> float:
        found = super().nll(micro_batches)
        self.model.reshard()  # type: ignore[operator]  # else the next forward would see old rows
        return found

    def weights(self) -> Mapping[str, Tensor]:
        """Whole by shape; copies of them hold this rank's rows."""
        return dict(self.model.state_dict())

    def checkpoint_bytes(self) -> int:
        rows = sum(row.nbytes for row in self._own.tensors().values())
        return rows + self._optimizer.state_bytes

    def write(self, folder: Path, weights: dict[str, Tensor], moments: dict[str, Tensor]) -> None:
        """`.step-5.<process>.tmp` or `step-5` as `folder`: only the first rank fills it."""
        meeting = self._meeting_place(folder.parent, folder.name.lstrip(".").partition(".")[0])
        files = SharedFiles(meeting, {**_rows(weights), **_rows(moments)}, self._ranks)
        if self._ranks.first:
            save_dream(self._shell, folder / MODEL, source=self._base, write=files.write)
        else:
            write_weights(self._shell, meeting, write=files.write)
        write_optimizer(folder, self._whole_moments(moments), write=files.write)
        if self._ranks.first:
            shutil.rmtree(meeting, ignore_errors=True)

    def _whole_moments(self, moments: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Without memory: shapes of what all ranks hold together."""
        shapes = moment_owners(dict(self._shell.named_parameters())) if moments else {}
        return {key: torch.empty_like(shape) for key, shape in shapes.items()}

    def restore(self, folder: Path, updates: int) -> list[str]:
        with StoredTensors(folder) as stored:
            return self._optimizer.restore(StoredRows(stored, self._ranks), updates)

    def export(self, output: Path) -> list[FileEntry]:
        self._exported = output
        meeting = self._meeting_place(output.parent, f"{output.name}.export")
        files = SharedFiles(meeting, self._own.tensors(), self._ranks)
        written = save_dream(self._shell, output, source=self._base, write=files.write)
        shutil.rmtree(meeting, ignore_errors=True)
        return file_entries(output, written)

    def join_export(self, output: Path) -> None:
        meeting = self._meeting_place(output.parent, f"{output.name}.export")
        files = SharedFiles(meeting, self._own.tensors(), self._ranks)
        write_weights(self._shell, meeting, write=files.write)

    def weights_sha256(self) -> str:
        """Of what was exported, which it needs to have been."""
        assert self._exported is not None
        return weights_sha256(self._exported)

    def _meeting_place(self, folder: Path, name: str) -> Path:
        return folder / f".{name}.rows.{self._meeting}.tmp"


def _rows(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: local(tensor) for name, tensor in tensors.items()}
