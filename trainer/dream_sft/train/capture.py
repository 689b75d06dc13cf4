"""How a step's weights and moments leave training for its checkpoint.

Copied: into host memory that is pinned before training, written from there while training goes on.
Full fine-tuning of 7.6 B weights takes 57 GiB with bf16 moments, 85 with float32 ones.
Direct: where the host lacks that memory, tensor by tensor from the device to the disk in pieces of
16 MiB, and training waits for all of it; `stallSeconds` of `checkpoint-ready` says how long.
Weights change with every step, so copies spread over several steps would be of none.
Both ways write the same bytes.
"""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from dream_sft.io.errors import ResourceError
from dream_sft.io.host_memory import available_host_bytes
from dream_sft.train.host_copies import HostCopies
from dream_sft.train.methods.method import Method
from dream_sft.train.ranks import ALONE, Ranks

log = logging.getLogger("dream_sft.checkpoint")


@dataclass(frozen=True)
class Captured:
    """Host copies by name, or the folder where they lie written."""

    weights: dict[str, Tensor] = field(default_factory=dict)
    moments: dict[str, Tensor] = field(default_factory=dict)
    written: Path | None = None


class Capture:
    """Of one method, for checkpoints in `folder`."""

    def __init__(
        self, method: Method, folder: Path, device: torch.device, ranks: Ranks = ALONE
    ) -> None:
        self._method, self._folder = method, folder
        self._ranks = ranks if method.sharded else ALONE
        self._copies = HostCopies[tuple[str, str]](device)
        self._pins = device.type == "cuda"
        self.direct = False

    def prepare(self) -> None:
        """Before the first step: measure what the host has free, pin what copies need. Ranks that
        hold a part each need as much at once, and none pins before all have measured."""
        needed, free = self._method.checkpoint_bytes(), available_host_bytes()
        self.direct = self._ranks.agree(not self._copies.fits(needed * self._ranks.count))
        if not self.direct and self._pins:
            try:
                self._copies.reserve(needed)
            except ResourceError as error:
                log.warning("%s", error.message)
                self._copies.release()
                self.direct = True
        if self.direct:
            log.warning(
                "a copy of the checkpoint takes %.1f GiB of host memory, %.1f are free: "
                "training will wait while checkpoints are written (stallSeconds says how long)",
                needed * self._ranks.count / 2**30, free / 2**30,
            )  # fmt: skip

    def take(self, step: int) -> Captured:
        """When it returns, training may go on. Raises OSError, ResourceError."""
        weights, moments = dict(self._method.weights()), dict(self._method.moments())
        if self.direct:
            return Captured(written=self._write(step, weights, moments))
        live = {("weights", name): tensor for name, tensor in weights.items()}
        live |= {("moments", name): tensor for name, tensor in moments.items()}
        copies = self._copies.take(live)
        return Captured(
            weights={name: copies["weights", name] for name in weights},
            moments={name: copies["moments", name] for name in moments},
        )

    def _write(self, step: int, weights: dict[str, Tensor], moments: dict[str, Tensor]) -> Path:
        """The name tells whose it is: a dead process's folder is cleared (io/files.py)."""
        folder = self._folder / f".step-{step}.direct.{os.getpid()}.tmp"
        folder.mkdir(parents=True)
        try:
            self._method.write(folder, weights, moments)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder
