"""The inputs of all blocks for all micro-batches of a step, kept in host memory.

Shape letters: B rows, L positions, D hidden width.

28 blocks times 32k tokens of width 3584 are 6.6 GB in bf16. On CUDA they go to pinned memory on a
stream of their own and come back one ahead of their use, so that the copies hide behind the
computation. Pinning is slow, so the memory is kept from step to step and grows only when a step
needs more.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from dream_sft.io.errors import ResourceError

_GROWTH = 1.125
Key = tuple[int, int]  # block, micro-batch


class BlockInputs:
    """Put every input once, then get each once, in any order. One step at a time."""

    def __init__(self, blocks: int, device: torch.device) -> None:
        self._device = device
        self._stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._memory: list[Tensor | None] = [None] * blocks
        self._shapes: list[torch.Size] = []
        self._starts: list[int] = []
        self._coming: dict[Key, Tensor] = {}

    @property
    def host_bytes(self) -> int:
        """Host memory held."""
        return sum(memory.nbytes for memory in self._memory if memory is not None)

    def prepare(self, shapes: Sequence[torch.Size], dtype: torch.dtype) -> None:
        """Make room for one input [B, L, D] a micro-batch and block.

        Raises ResourceError when the host has no more memory to give.
        """
        self._shapes, self._starts, total = list(shapes), [], 0
        self._coming.clear()
        for shape in shapes:
            self._starts.append(total)
            total += shape.numel()
        for block, memory in enumerate(self._memory):
            if memory is None or memory.numel() < total or memory.dtype != dtype:
                self._memory[block] = None  # free the old memory before asking for more
                self._memory[block] = self._new(total, dtype)

    def _new(self, total: int, dtype: torch.dtype) -> Tensor:
        try:
            pinned = self._stream is not None
            return torch.empty(int(total * _GROWTH), dtype=dtype, pin_memory=pinned)
        except RuntimeError as error:
            needed = total * dtype.itemsize * len(self._memory) / 2**30
            raise ResourceError(
                f"no host memory for the inputs of {len(self._memory)} blocks ({needed:.1f} GiB "
                "pinned); lower training.documentsPerStep, or take a host with more memory",
                "host-memory",
            ) from error

    def put(self, key: Key, x_BLD: Tensor) -> None:
        """Copy an input out of device memory, beside what is computed next."""
        place = self._place(key)
        if self._stream is None:
            place.copy_(x_BLD)
            return
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            place.copy_(x_BLD, non_blocking=True)
        x_BLD.record_stream(self._stream)

    def get(self, key: Key, following: Key | None) -> Tensor:
        """The input on the device; starts to fetch `following`, which is asked for next.

        On the CPU it is the kept memory itself: read it, do not write it.
        """
        if self._stream is None:
            return self._place(key)
        if key not in self._coming:
            self._fetch(key)
        current = torch.cuda.current_stream(self._device)
        current.wait_stream(self._stream)
        found = self._coming.pop(key)
        found.record_stream(current)
        if following is not None:
            self._fetch(following)
        return found

    def _fetch(self, key: Key) -> None:
        # On the same stream as the copies out, so after them.
        with torch.cuda.stream(self._stream):
            self._coming[key] = self._place(key).to(self._device, non_blocking=True)

    def _place(self, key: Key) -> Tensor:
        block, micro = key
        memory, shape = self._memory[block], self._shapes[micro]
        assert memory is not None, "prepare comes first"
        start = self._starts[micro]
        return memory[start : start + shape.numel()].view(shape)
