"""Copies of weights and optimizer state in host memory, taken fast enough not to stop training.

57 GiB (full fine-tuning of 7.6 B weights with bf16 moments) leave the GPU in about two seconds
into pinned memory, in ten or more otherwise. Where the host lacks the memory, `fits` says so, and
a checkpoint is written straight from the device while training waits (capture.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

import torch
from torch import Tensor

from dream_sft.io.host_memory import available_host_bytes
from dream_sft.train.host_arena import HostArena
from dream_sft.train.sharding import local

Name = TypeVar("Name")
# What pinning leaves to everything else on the host.
_SHARE = 0.8


class HostCopies(Generic[Name]):
    """One set of copies at a time: `take` overwrites what it gave before."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._arena = HostArena(pinned=device.type == "cuda", purpose="a copy of the checkpoint")

    def reserve(self, nbytes: int) -> None:
        """Pin the memory now rather than at the first checkpoint. Raises ResourceError."""
        self._arena.reserve(_with_gaps(nbytes))

    def fits(self, nbytes: int) -> bool:
        """Whether copies of so many bytes leave a fifth of the free host memory to others."""
        return _with_gaps(nbytes) - self._arena.nbytes <= _SHARE * available_host_bytes()

    def release(self) -> None:
        """Hold nothing: what `take` gave is no longer to be used."""
        self._arena.release()

    @torch.no_grad()
    def take(self, tensors: Mapping[Name, Tensor]) -> dict[Name, Tensor]:
        """Copy everything; when it returns, the originals may change. Raises ResourceError.

        Of tensors that are spread over ranks, this rank's rows.
        """
        self._arena.reset()
        copies: dict[Name, Tensor] = {}
        for name, tensor in tensors.items():
            own = local(tensor.detach())
            copies[name] = self._arena.take(own.shape, own.dtype)
            copies[name].copy_(own, non_blocking=True)
        if self._device.type == "cuda":
            torch.cuda.current_stream(self._device).synchronize()
        return copies


def _with_gaps(nbytes: int) -> int:
    """Tensors do not fill their slabs to the end."""
    return nbytes + nbytes // 32
