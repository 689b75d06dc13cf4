"""Reading and writing one safetensors file in pieces, so that host memory holds one piece only.

Format: github.com/huggingface/safetensors, README "Format": 8 bytes of header length (little
endian), a JSON header, then the tensors' bytes. What is written here has the same bytes as that
library's `save_file`; files are opened with the library once, which checks header and length.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dream_sft.io.closing import Closing

PIECE_BYTES = 16 * 1024 * 1024
# In the library's order: tensors lie by dtype, the last one here first, then by name.
_DTYPES: dict[str, torch.dtype] = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E4M3": torch.float8_e4m3fn,
    "I16": torch.int16,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I32": torch.int32,
    "F32": torch.float32,
    "F64": torch.float64,
    "I64": torch.int64,
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_RANKS = {dtype: rank for rank, dtype in enumerate(_DTYPES.values())}
Form = tuple[torch.dtype, tuple[int, ...]]


class TensorFile(Closing):
    """An open file; `read` fills buffers, from several threads at once if need be."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError (damaged, cut off, a dtype torch lacks) and OSError."""
        self.path = path
        try:
            with safe_open(path, framework="pt", device="cpu"):
                pass
        except SafetensorError as error:
            raise ValueError(f"{path.name} is cut off or damaged ({error})") from error
        self._descriptor = os.open(path, os.O_RDONLY)
        length = int.from_bytes(os.pread(self._descriptor, 8, 0), "little")
        self._header: dict[str, Any] = json.loads(os.pread(self._descriptor, length, 8))
        self._header.pop("__metadata__", None)
        self._data_start = 8 + length
        unknown = {e["dtype"] for e in self._header.values()} - set(_DTYPES)
        if unknown:
            os.close(self._descriptor)
            raise ValueError(f"{path.name} holds {', '.join(sorted(unknown))}, which torch lacks")

    def close(self) -> None:
        os.close(self._descriptor)

    def names(self) -> list[str]:
        return list(self._header)

    def form(self, name: str) -> Form:
        """dtype and shape, without reading data."""
        entry = self._header[name]
        return _DTYPES[entry["dtype"]], tuple(entry["shape"])

    def read(self, name: str, start: int, into: Tensor) -> None:
        """Fill `into` (host memory, contiguous, of the tensor's dtype) from flat entry `start` on.

        Raises ValueError when the file has become shorter, OSError.
        """
        entry = self._header[name]
        offset = self._data_start + entry["data_offsets"][0] + start * into.element_size()
        view = _bytes(into).numpy().data
        done = 0
        while done < len(view):
            got = os.preadv(self._descriptor, [view[done:]], offset + done)
            if got == 0:
                raise ValueError(f"{self.path.name} was cut off while it was read")
            done += got

    def tensor(self, name: str) -> Tensor:
        """A tensor in host memory of its own."""
        dtype, shape = self.form(name)
        found = torch.empty(shape, dtype=dtype)
        self.read(name, 0, found)
        return found


# (file, its tensors, metadata) to the file's {size, sha256}: `write_tensors` or another way.
Write = Callable[[Path, Mapping[str, Tensor], Mapping[str, str] | None], dict[str, Any]]


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Write a file from tensors on any device; returns its {size, sha256}. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as handle:
        for part in _parts(tensors, metadata):
            handle.write(part)
            digest.update(part)
            size += len(part)
    return {"size": size, "sha256": digest.hexdigest()}


def file_layout(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> tuple[bytes, dict[str, int]]:
    """The bytes before the first tensor, and where each begins in the file, in file order.

    Only dtypes and shapes are looked at: tensors may be on the meta device.
    """
    ordered = sorted(tensors, key=lambda name: (-_RANKS[tensors[name].dtype], name))
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    begins: dict[str, int] = {}
    at = 0
    for name in ordered:
        tensor = tensors[name]
        end = at + tensor.numel() * tensor.dtype.itemsize
        shape = list(tensor.shape)
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": shape, "data_offsets": [at, end]}
        begins[name] = at
        at = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    head = len(text).to_bytes(8, "little") + text
    return head, {name: len(head) + begin for name, begin in begins.items()}


def pieces_of(tensor: Tensor) -> Iterator[memoryview]:
    """A tensor's bytes in host memory, 16 MiB at a time, from whatever device."""
    for piece in torch.split(_bytes(tensor.detach().contiguous()), PIECE_BYTES):
        yield piece.cpu().numpy().data


def _parts(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None
) -> Iterator[bytes | memoryview]:
    head, begins = file_layout(tensors, metadata)
    yield head
    for name in begins:
        yield from pieces_of(tensors[name])


def _bytes(tensor: Tensor) -> Tensor:
    return tensor.detach().reshape(-1).view(torch.uint8)
