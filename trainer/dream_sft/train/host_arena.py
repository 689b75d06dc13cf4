"""Host memory that is asked for once and used again: pinned, so that copies to and from the GPU are
fast and run beside the computation."""

from __future__ import annotations

import torch
from torch import Tensor

from dream_sft.io.errors import ResourceError

_ALIGNMENT = 256
# torch rounds pinned memory up to a power of two; slabs that are one waste nothing. The largest
# holds any tensor of Dream 7B (an embedding in float32 has 2.2 GB).
_FIRST_SLAB, _LARGEST_SLAB = 1 << 26, 1 << 32


class HostArena:
    """Hands out tensors one after the other; `reset` takes all of them back.

    Pinning costs about a second for some GB, so memory is kept from use to use.
    """

    def __init__(self, *, pinned: bool, purpose: str) -> None:
        """`purpose` ends the sentence 'no host memory for ...'."""
        self._pinned, self._purpose = pinned, purpose
        self._slabs: list[Tensor] = []
        self._used: list[int] = []

    @property
    def nbytes(self) -> int:
        """Bytes held, whether handed out or not."""
        return sum(slab.numel() for slab in self._slabs)

    def reset(self) -> None:
        """Everything handed out may be overwritten from now on."""
        self._used = [0] * len(self._slabs)

    def release(self) -> None:
        """Forget everything held. torch keeps pinned memory for whoever pins next."""
        self._slabs, self._used = [], []

    def reserve(self, nbytes: int) -> None:
        """Hold at least so many bytes, so that nothing is pinned later. Raises ResourceError."""
        while self.nbytes < nbytes:
            self._grow(min(nbytes - self.nbytes, _LARGEST_SLAB))

    def take(self, shape: torch.Size | tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """An uninitialised tensor. Raises ResourceError when the host has no more memory."""
        needed = torch.Size(shape).numel() * dtype.itemsize
        for number, slab in enumerate(self._slabs):
            at = self._used[number]
            if at + needed <= slab.numel():
                self._used[number] = at + -(-needed // _ALIGNMENT) * _ALIGNMENT
                return slab[at : at + needed].view(dtype).view(shape)
        self._grow(max(needed, min(max(_FIRST_SLAB, self.nbytes), _LARGEST_SLAB)))
        return self.take(shape, dtype)

    def _grow(self, needed: int) -> None:
        size = 1 << (max(needed, 1) - 1).bit_length()
        try:
            self._slabs.append(torch.empty(size, dtype=torch.uint8, pin_memory=self._pinned))
            self._used.append(0)
        except (RuntimeError, MemoryError) as error:
            raise ResourceError(
                f"no host memory for {self._purpose}: {self.nbytes / 2**30:.1f} GiB held, "
                f"{size / 2**30:.2f} GiB more refused; take a host with more memory",
                "host-memory",
            ) from error
