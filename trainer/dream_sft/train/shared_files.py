"""Files that all ranks of one host write together, each its own rows of every tensor.

The bytes are those that one process would write: nothing in a file says how many ranks wrote it.
No tensor is gathered: rows go from each rank's memory to their place in the file. The folder where
ranks meet has one name a writing; a file there is finished when every rank has left its mark
beside it, and the first rank then moves it to where it belongs.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from dream_sft.model.tensor_files import file_layout, pieces_of
from dream_sft.train.ranks import Ranks
from dream_sft.train.sharding import start_of

_POLL_SECONDS = 0.02


class SharedFiles:
    """`write` is called by all ranks, for the same files in the same order (tensor_files.Write)."""

    def __init__(self, folder: Path, rows: Mapping[str, Tensor], ranks: Ranks) -> None:
        """`rows`: this rank's of every tensor; `folder` is made."""
        self._folder, self._rows, self._ranks = folder, rows, ranks
        folder.mkdir(parents=True, exist_ok=True)

    def write(
        self, path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None
    ) -> dict[str, Any]:
        """Write this rank's rows; `tensors` tell whole shapes. The first rank returns when `path`
        is complete. Returns {size}: the digest needs the whole file. Raises OSError, for another
        rank's failure too."""
        head, begins = file_layout(tensors, metadata)
        shared = self._folder / path.name
        try:
            descriptor = os.open(shared, os.O_CREAT | os.O_WRONLY, 0o644)
            try:
                if self._ranks.first:
                    _put(descriptor, head, 0)
                for name, begin in begins.items():
                    self._put_rows(descriptor, begin, tensors[name], self._rows[name])
            finally:
                os.close(descriptor)
        except OSError as error:
            with contextlib.suppress(OSError):
                (self._folder / f"failed-{error.errno or 0}").touch()
            raise
        self._mark(path.name, self._ranks.rank).touch()
        if self._ranks.first:
            self._await(path.name)
            shared.replace(path)
        return {"size": len(head) + sum(t.numel() * t.dtype.itemsize for t in tensors.values())}

    def _put_rows(self, descriptor: int, begin: int, whole: Tensor, rows: Tensor) -> None:
        at = begin + start_of(whole.shape, self._ranks) * whole.dtype.itemsize
        if rows.dtype != whole.dtype:
            raise TypeError(f"rows of {rows.dtype} for a tensor of {whole.dtype}")
        for piece in pieces_of(rows):
            _put(descriptor, piece, at)
            at += len(piece)

    def _mark(self, name: str, rank: int) -> Path:
        return self._folder / f"{name}.rank-{rank}"

    def _await(self, name: str) -> None:
        """A rank that died is not waited for: torchrun then ends this one too."""
        marks = [self._mark(name, rank) for rank in range(self._ranks.count)]
        while not all(mark.exists() for mark in marks):
            for failed in self._folder.glob("failed-*"):
                number = int(failed.name.removeprefix("failed-"))
                raise OSError(number, f"another rank could not write {name}", str(self._folder))
            time.sleep(_POLL_SECONDS)


def _put(descriptor: int, content: bytes | memoryview, at: int) -> None:
    done = 0
    while done < len(content):
        done += os.pwrite(descriptor, content[done:], at + done)
