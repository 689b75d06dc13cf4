"""All weights in bf16 with an exact float32 master, in two ways.

kept: every gradient stands in its bf16 weight; clipping by this step's exact norm.
fused: one block's gradient at a time (fused_backward.py); clipping by the previous step's norm.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dream_sft.diffusion.frozen_head import nll_and_gradient
from dream_sft.diffusion.loss import masked_loss
from dream_sft.io.files import FileEntry, file_entries
from dream_sft.model.network import Dream
from dream_sft.model.spoilt import refuse_spoilt
from dream_sft.model.weights import model_sha256, save_dream
from dream_sft.train.checkpoint import MODEL
from dream_sft.train.exact_adamw import ExactAdamW, clip_scale
from dream_sft.train.fused_backward import FusedBackward, FusedMicro
from dream_sft.train.fused_micro import fused_micro, layer_runner
from dream_sft.train.gradient_sums import gradient_adder
from dream_sft.train.methods.accumulation import share_of
from dream_sft.train.methods.method import StepResult, summed_up
from dream_sft.train.methods.optimized import OptimizedModel
from dream_sft.train.micro_batches import GlobalBatch, MicroBatch
from dream_sft.train.optimizer_files import StoredTensors, write_optimizer
from dream_sft.train.ranks import ALONE, Ranks


class ExactFineTuning(OptimizedModel[ExactAdamW]):
    """`training.fullMode: kept` and what both modes share."""

    trains_all = True

    def __init__(
        self,
        model: Dream,
        remainders: Mapping[str, Tensor],
        training: dict[str, Any],
        base: Path,
        *,
        ranks: Ranks = ALONE,
    ) -> None:
        super().__init__(
            model,
            ExactAdamW(model, training, remainders),
            partial(masked_loss, model.head),
            training,
            base,
            autocast=False,
            ranks=ranks,
        )

    def step(self, batch: GlobalBatch, rate: float) -> StepResult:
        self._optimizer.zero_grad()
        found: list[float] = []

        def norm() -> float:
            found.append(self._optimizer.gradient_norm())
            return found[0]

        return self._accumulation.step(
            batch, norm, lambda: self._optimizer.step(rate, clip_scale(found[0], self._clip))
        )

    def weights(self) -> Mapping[str, Tensor]:
        refuse_spoilt(self.model)
        return dict(self.model.state_dict())

    def write(self, folder: Path, weights: dict[str, Tensor], moments: dict[str, Tensor]) -> None:
        self._shell.load_state_dict(weights, assign=True)
        save_dream(self._shell, folder / MODEL, source=self._base)
        write_optimizer(folder, moments)

    def restore(self, folder: Path, updates: int) -> list[str]:
        with StoredTensors(folder) as stored:
            return self._optimizer.restore(stored, updates)

    def export(self, output: Path) -> list[FileEntry]:
        refuse_spoilt(self.model)
        return file_entries(output, save_dream(self.model, output, source=self._base))

    def weights_sha256(self) -> str:
        return model_sha256(self.model)


class FusedFineTuning(ExactFineTuning):
    """`training.fullMode: fused`."""

    def __init__(
        self,
        model: Dream,
        remainders: Mapping[str, Tensor],
        training: dict[str, Any],
        base: Path,
    ) -> None:
        super().__init__(model, remainders, training, base)
        compiled = training["compile"]
        step = torch.compile(nll_and_gradient) if compiled else nll_and_gradient
        self._fused = FusedBackward(
            model,
            self._optimizer,
            layer_runner(model),
            clip_norm=self._clip,
            logits_step=step,
            add=gradient_adder(compiled=compiled),
        )

    def step(self, batch: GlobalBatch, rate: float) -> StepResult:
        if batch.masked == 0:
            return StepResult(None, [None, None, None], 0.0)
        micros = [self._micro(batch, micro) for micro in batch.micro_batches if micro.plan.masked]
        found = self._fused.step(micros, rate, batch.step)
        return summed_up(
            batch, found.loss, found.gradient_norm, found.parts_weighted, found.levels_nll
        )

    def try_gradient(self, batch: GlobalBatch) -> None:
        self._fused.try_step([self._micro(batch, micro) for micro in batch.micro_batches])

    def _micro(self, batch: GlobalBatch, micro: MicroBatch) -> FusedMicro:
        return fused_micro(self.model, micro, share_of(batch, micro, self._normalise))
