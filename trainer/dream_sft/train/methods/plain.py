"""All weights in float32, AdamW."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from dream_sft.diffusion.loss import masked_loss
from dream_sft.io.files import FileEntry, file_entries
from dream_sft.model.network import Dream
from dream_sft.model.weights import model_sha256, save_dream
from dream_sft.train.checkpoint import MODEL
from dream_sft.train.methods.accumulation import clipped_norm
from dream_sft.train.methods.method import StepResult
from dream_sft.train.methods.optimized import OptimizedModel
from dream_sft.train.micro_batches import GlobalBatch
from dream_sft.train.optimizer import AdamW
from dream_sft.train.optimizer_files import StoredTensors, write_optimizer
from dream_sft.train.ranks import ALONE, Ranks


class PlainFineTuning(OptimizedModel[AdamW]):
    """`training.fullMode: plain`."""

    trains_all = True

    def __init__(
        self, model: Dream, training: dict[str, Any], base: Path, *, ranks: Ranks = ALONE
    ) -> None:
        super().__init__(
            model,
            AdamW(model, training),
            partial(masked_loss, model.head),
            training,
            base,
            autocast=training["precision"] == "bf16",
            ranks=ranks,
        )

    def step(self, batch: GlobalBatch, rate: float) -> StepResult:
        self._optimizer.zero_grad()
        return self._accumulation.step(
            batch,
            lambda: clipped_norm(list(self.model.parameters()), self._clip),
            lambda: self._optimizer.step(rate),
        )

    def weights(self) -> Mapping[str, Tensor]:
        return dict(self.model.state_dict())

    def write(self, folder: Path, weights: dict[str, Tensor], moments: dict[str, Tensor]) -> None:
        self._shell.load_state_dict(weights, assign=True)
        save_dream(self._shell, folder / MODEL, source=self._base)
        write_optimizer(folder, moments)

    def restore(self, folder: Path, updates: int) -> list[str]:
        with StoredTensors(folder) as stored:
            return self._optimizer.restore(stored, updates)

    def export(self, output: Path) -> list[FileEntry]:
        return file_entries(output, save_dream(self.model, output, source=self._base))

    def weights_sha256(self) -> str:
        return model_sha256(self.model)
