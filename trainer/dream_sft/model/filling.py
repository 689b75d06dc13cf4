"""Filling a model's tensors from files: straight to where they live, a piece at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from dream_sft.model.tensor_files import PIECE_BYTES, TensorFile

# (tensor's name, flat index of its first entry, entries as stored) to entries as wanted.
Convert = Callable[[str, int, Tensor], Tensor]
# Several reads in flight keep a disk busy while pieces are copied to the GPU; towards host memory
# a second thread would only take cores from other work.
_GPU_THREADS = 4


@dataclass(frozen=True)
class _Piece:
    name: str
    start: int
    count: int


class Filler:
    """Copies named tensors of files into given tensors of the same shape."""

    def __init__(
        self,
        targets: Mapping[str, Tensor],
        convert: Convert | None = None,
        starts: Mapping[str, int] | None = None,
    ) -> None:
        """Without `convert` entries are cast to the target's dtype.

        `starts`: flat indices in the files from which targets are filled, where these are only a
        part of their tensors; absent: 0.
        """
        self._targets, self._convert, self._starts = targets, convert, starts or {}
        self._own = threading.local()

    def fill(self, file: TensorFile, names: list[str]) -> None:
        """Raises ValueError when the file has become shorter, OSError."""
        on_gpu = any(self._targets[name].is_cuda for name in names)
        pieces = (piece for name in names for piece in self._cut(file, name))
        if not on_gpu:
            for piece in pieces:
                self._take(file, piece)
            return
        with ThreadPoolExecutor(_GPU_THREADS) as pool:
            for done in [pool.submit(self._take, file, piece) for piece in pieces]:
                done.result()

    @torch.no_grad()
    def _take(self, file: TensorFile, piece: _Piece) -> None:
        at = piece.start - self._starts.get(piece.name, 0)
        target = self._targets[piece.name].view(-1)[at : at + piece.count]
        stored, _ = file.form(piece.name)
        if self._convert is None and target.device.type == "cpu" and target.dtype == stored:
            file.read(piece.name, piece.start, target)
            return
        buffer = self._buffer(target.is_cuda)[: piece.count * stored.itemsize].view(stored)
        file.read(piece.name, piece.start, buffer)
        found = buffer if self._convert is None else self._convert(piece.name, piece.start, buffer)
        target.copy_(found)  # done when it returns: the buffer is used again

    def _cut(self, file: TensorFile, name: str) -> Iterator[_Piece]:
        dtype, _ = file.form(name)
        first, step = self._starts.get(name, 0), PIECE_BYTES // dtype.itemsize
        end = first + self._targets[name].numel()
        for start in range(first, end, step):
            yield _Piece(name, start, min(step, end - start))

    def _buffer(self, pinned: bool) -> Tensor:
        buffer: Tensor | None = getattr(self._own, "buffer", None)
        if buffer is None:
            buffer = torch.empty(PIECE_BYTES, dtype=torch.uint8, pin_memory=pinned)
            self._own.buffer = buffer
        return buffer
