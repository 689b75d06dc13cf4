"""LoRA: float32 factors beside a frozen base, AdamW over the factors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dream_sft.adapters.lora import add_lora, trainable
from dream_sft.adapters.merge import merge
from dream_sft.adapters.peft_files import load_adapter, save_adapter
from dream_sft.diffusion.frozen_head import frozen_masked_loss, nll_and_gradient
from dream_sft.frozen.storage import freeze
from dream_sft.io.files import FileEntry
from dream_sft.model.network import Dream
from dream_sft.train.methods.accumulation import clipped_norm
from dream_sft.train.methods.method import StepResult
from dream_sft.train.methods.optimized import OptimizedModel
from dream_sft.train.micro_batches import GlobalBatch
from dream_sft.train.optimizer import AdamW
from dream_sft.train.optimizer_files import StoredTensors, write_optimizer
from dream_sft.train.ranks import ALONE, Ranks

ADAPTER = "adapter"


class LoraFineTuning(OptimizedModel[AdamW]):
    """`training.method: lora`. A checkpoint holds the adapter in PEFT's layout, not the base."""

    trains_all = False

    def __init__(
        self,
        model: Dream,
        training: dict[str, Any],
        base: Path,
        *,
        adapter: Path | None,
        base_name: str | None = None,
        ranks: Ranks = ALONE,
    ) -> None:
        """`adapter`: a checkpoint's, to go on from. `base_name`: what adapters call their base,
        absent its folder's name. Raises StorageError, LoraError."""
        self._base_name = base_name or base.name
        freeze(model, training["basePrecision"], model.lm_head.weight.device)
        add_lora(model, training["lora"], training["seed"] if adapter is None else None)
        if adapter is not None:
            load_adapter(model, adapter)
        step = torch.compile(nll_and_gradient) if training["compile"] else nll_and_gradient
        super().__init__(
            model,
            AdamW(model, training),
            partial(frozen_masked_loss, model.lm_head.weight.detach(), step=step),
            training,
            base,
            autocast=False,
            ranks=ranks,
        )
        add_lora(self._shell, training["lora"], None)

    def step(self, batch: GlobalBatch, rate: float) -> StepResult:
        self._optimizer.zero_grad()
        return self._accumulation.step(
            batch,
            lambda: clipped_norm(list(trainable(self.model).values()), self._clip),
            lambda: self._optimizer.step(rate),
        )

    def replay_layers(self, tokens: int) -> None:
        """As `Accumulation.replay_layers`, with gradients that stay where they are."""
        self._optimizer.fix_gradients()
        self._accumulation.replay_layers(tokens)

    def weights(self) -> Mapping[str, Tensor]:
        return dict(trainable(self.model))

    def write(self, folder: Path, weights: dict[str, Tensor], moments: dict[str, Tensor]) -> None:
        self._shell.load_state_dict(weights, strict=False, assign=True)
        save_adapter(self._shell, folder / ADAPTER, base_name=self._base_name)
        write_optimizer(folder, moments)

    def restore(self, folder: Path, updates: int) -> list[str]:
        with StoredTensors(folder) as stored:
            return self._optimizer.restore(stored, updates)

    def export(self, output: Path) -> list[FileEntry]:
        """The merged model, and the adapter itself in `adapter/` beneath it."""
        adapter = output.with_name(f".{output.name}.adapter")
        beneath = save_adapter(self.model, adapter, base_name=self._base_name)
        merged = merge(self._base, adapter, output, device=self.model.lm_head.weight.device)
        adapter.rename(output / ADAPTER)
        # Both have read what they wrote; a second reading of 15 GB would tell nothing new.
        beneath = [{**entry, "path": f"{ADAPTER}/{entry['path']}"} for entry in beneath]
        return sorted([*merged, *beneath], key=lambda entry: str(entry["path"]))

    def weights_sha256(self) -> str:
        digest = hashlib.sha256()
        for name, weight in sorted(trainable(self.model).items()):
            digest.update(f"{name} {list(weight.shape)}\n".encode())
            digest.update(weight.detach().cpu().numpy().tobytes())
        return digest.hexdigest()
