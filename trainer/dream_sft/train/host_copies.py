"""Copies of weights and optimizer state in host memory, taken fast enough not to stop training.

57 GiB (full fine-tuning of 7.6 B weights with bf16 moments) leave the GPU in about two seconds
into pinned memory, in ten or more otherwise. Where the host lacks the memory, `fits` says so, and
a checkpoint is written straight from the device while training waits (capture.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor

from dream_sft.train.host_arena import HostArena
from dream_sft.train.sharding import local

Name = TypeVar("Name")
# What pinning leaves to everything else on the host.
_SHARE = 0.8
_NO_LIMIT = 1 << 62


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


def available_host_bytes() -> int:
    """Memory that can still be had, by the kernel and by the container's limit."""
    return min(_left_by_kernel(), _left_in_container())


def _left_by_kernel(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Where no kernel tells (macOS), there is no limit that one could know of."""
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except OSError:
        return _NO_LIMIT
    found = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
    return int(next(found, "0")) * 1024


def _left_in_container(folder: Path = Path("/sys/fs/cgroup")) -> int:
    """What a container's limit leaves (cgroup 2, then 1); file caches count as free."""
    pairs = (
        ("memory.max", "memory.current", "file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_cache"),
    )
    for limit, used, cache in pairs:
        try:
            most = (folder / limit).read_text(encoding="ascii").strip()
            if most == "max":
                break
            now = int((folder / used).read_text(encoding="ascii"))
            counts = (folder / limit).with_name("memory.stat").read_text(encoding="ascii")
        except (OSError, ValueError):
            continue
        cached = [line.split()[1] for line in counts.splitlines() if line.split()[:1] == [cache]]
        return int(most) - now + int(cached[0] if cached else 0)
    return _NO_LIMIT
