"""The inputs of all blocks for all micro-batches of a step, kept in host memory.

Shape letters: B rows, L positions, D hidden width.

28 blocks times 32k tokens of width 3584 are 6.6 GB in bf16. On CUDA they go to pinned memory on a
stream of their own and come back one ahead of their use, so that the copies hide behind the
computation.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dream_sft.train.host_arena import HostArena

Key = tuple[int, int]  # block, micro-batch


class BlockInputs:
    """Put every input once, then get each once, in any order. One step at a time."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._arena = HostArena(
            pinned=self._stream is not None,
            purpose="the inputs of the blocks (lower training.documentsPerStep)",
        )
        self._places: dict[Key, Tensor] = {}
        self._coming: dict[Key, Tensor] = {}

    @property
    def host_bytes(self) -> int:
        """Host memory held."""
        return self._arena.nbytes

    def begin(self) -> None:
        """Another step: its inputs take the memory of the last one's."""
        self._arena.reset()
        self._places.clear()
        self._coming.clear()

    def put(self, key: Key, x_BLD: Tensor) -> None:
        """Copy an input out of device memory, beside what is computed next.

        Raises ResourceError when the host has no more memory to give.
        """
        place = self._places[key] = self._arena.take(x_BLD.shape, x_BLD.dtype)
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
            return self._places[key]
        if key not in self._coming:
            self._fetch(key, self._stream)
        current = torch.cuda.current_stream(self._device)
        current.wait_stream(self._stream)
        found = self._coming.pop(key)
        found.record_stream(current)
        if following is not None:
            self._fetch(following, self._stream)
        return found

    def _fetch(self, key: Key, stream: torch.cuda.Stream) -> None:
        # On the same stream as the copies out, so after them.
        with torch.cuda.stream(stream):
            self._coming[key] = self._places[key].to(self._device, non_blocking=True)
