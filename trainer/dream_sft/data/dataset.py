"""The converted dataset on disk: what convert writes and training reads.

A folder with
- documents.safetensors: `ids` int32 (all documents one after another), `offsets` int64 [N + 1],
  `prompt_lengths` int32 [N], `sample_ids` uint64 [N], `cut` uint8 [N];
- rows.jsonl: one line a document, in the same order, with its row number, rule and texts;
- held_out.safetensors and held_out.jsonl: the same for rows that training must not see
  (only when rows are held out);
- conversion.json: how it was made. The bytes depend on nothing but rows, tokenizer and settings.

Shapes: N documents; all lengths are in tokens.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from dream_sft.io.errors import DataError

CONVERSION_FILE = "conversion.json"
TRAINING = ("documents.safetensors", "rows.jsonl")
HELD_OUT = ("held_out.safetensors", "held_out.jsonl")
_DTYPES = {
    "ids": np.int32,
    "offsets": np.int64,
    "prompt_lengths": np.int32,
    "sample_ids": np.uint64,
    "cut": np.uint8,
}


@dataclass(frozen=True)
class Document:
    """One training document.

    `ids` int32 [prompt + response], without the EOS that ends the response; `cut` says that the
    response stops before its own end, so that no EOS may be learned after it (rule cut_right).
    """

    sample_id: int
    ids: NDArray[np.int32]
    prompt_length: int
    cut: bool


@dataclass(frozen=True)
class Dataset:
    """N documents in row order; `sample_ids` uint64 [N] name each row whatever its position."""

    folder: Path
    sample_ids: NDArray[np.uint64]
    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    prompt_lengths: NDArray[np.int32]
    cut: NDArray[np.uint8]
    rows_file: Path

    def __len__(self) -> int:
        return len(self.sample_ids)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """int64 [N]: tokens of prompt and response of each document, EOS not counted."""
        return np.diff(self.offsets)

    def document(self, index: int) -> Document:
        """Document `index`, 0 ≤ index < N; raises IndexError outside."""
        if not 0 <= index < len(self):
            raise IndexError(f"document {index} of {len(self)}")
        return Document(
            sample_id=int(self.sample_ids[index]),
            ids=self.ids[self.offsets[index] : self.offsets[index + 1]],
            prompt_length=int(self.prompt_lengths[index]),
            cut=bool(self.cut[index]),
        )

    def rows(self) -> Iterator[dict[str, Any]]:
        """The text side, one dictionary a document, in the same order; raises DataError."""
        try:
            with self.rows_file.open(encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)
        except (OSError, ValueError) as error:
            raise _damaged(self.rows_file, error) from error


def load_dataset(folder: str | Path, *, held_out: bool = False) -> Dataset:
    """The dataset that convert wrote to `folder`, or its held-out rows (none: an empty dataset).

    Raises DataError when a file is missing, damaged or contradicts itself.
    """
    folder = Path(folder)
    read_conversion(folder)
    arrays_name, rows_name = HELD_OUT if held_out else TRAINING
    path = folder / arrays_name
    if held_out and not path.exists():
        return _dataset(folder, pack([]), folder / rows_name)
    try:
        arrays = load_file(path)
    except (OSError, SafetensorError) as error:
        raise _damaged(path, error) from error
    mistakes = _contradictions(arrays)
    if mistakes:
        raise DataError(f"{path}: damaged; run convert again", mistakes)
    return _dataset(folder, arrays, folder / rows_name)


def read_conversion(folder: str | Path) -> dict[str, Any]:
    """conversion.json: settings, tokenizer, source and counts; raises DataError."""
    path = Path(folder) / CONVERSION_FILE
    try:
        conversion = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"{folder}: no {CONVERSION_FILE}; give a folder that convert wrote"
        ) from error
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error
    if not isinstance(conversion, dict) or conversion.get("version") != 1:
        raise DataError(f"{path}: not a conversion of version 1; run convert again")
    return conversion


def sample_ids(canonical_texts: Iterable[str]) -> list[int]:
    """A number below 2^64 for each row: the first 8 bytes (big-endian) of the sha256 of its text.

    The n-th repetition of a text is hashed with its count, so that equal rows get noise of their
    own and a row keeps its id when others are added after it.
    """
    seen: Counter[str] = Counter()
    ids = []
    for text in canonical_texts:
        suffix = f"\n#{seen[text]}" if seen[text] else ""
        seen[text] += 1
        digest = hashlib.sha256((text + suffix).encode("utf-8")).digest()
        ids.append(int.from_bytes(digest[:8], "big"))
    return ids


def pack(documents: Sequence[Document]) -> dict[str, NDArray[Any]]:
    """The arrays of documents.safetensors for `documents`, in their order."""
    lengths = [len(document.ids) for document in documents]
    ids = [np.asarray(document.ids, dtype=np.int32) for document in documents]
    return {
        "ids": np.concatenate(ids) if ids else np.zeros(0, np.int32),
        "offsets": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "prompt_lengths": np.array([d.prompt_length for d in documents], dtype=np.int32),
        "sample_ids": np.array([d.sample_id for d in documents], dtype=np.uint64),
        "cut": np.array([d.cut for d in documents], dtype=np.uint8),
    }


def dataset_bytes(documents: Sequence[Document]) -> bytes:
    """The content of documents.safetensors; the same documents give the same bytes."""
    return save(pack(documents))


def rows_bytes(rows: Iterable[dict[str, Any]]) -> bytes:
    """The content of rows.jsonl: sorted keys, UTF-8, one line a row."""
    lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    return "".join(lines).encode("utf-8")


def _dataset(folder: Path, arrays: dict[str, NDArray[Any]], rows_file: Path) -> Dataset:
    return Dataset(folder=folder, rows_file=rows_file, **{key: arrays[key] for key in _DTYPES})


def _contradictions(arrays: dict[str, NDArray[Any]]) -> list[str]:
    wrong = [
        f"array {name!r} is missing or not {np.dtype(dtype).name}"
        for name, dtype in _DTYPES.items()
        if name not in arrays or arrays[name].dtype != dtype or arrays[name].ndim != 1
    ]
    if wrong:
        return wrong
    count = len(arrays["sample_ids"])
    offsets = arrays["offsets"]
    if (
        any(len(arrays[name]) != count for name in ("prompt_lengths", "cut"))
        or len(offsets) != count + 1
    ):
        return ["its arrays disagree about the number of documents"]
    lengths = np.diff(offsets)
    if offsets[0] != 0 or offsets[-1] != len(arrays["ids"]) or (lengths < 0).any():
        return ["its offsets do not fit its ids"]
    if ((arrays["prompt_lengths"] < 1) | (arrays["prompt_lengths"] >= lengths)).any():
        return ["a document has no prompt or no response"]
    if len(np.unique(arrays["sample_ids"])) != count:
        return ["two documents have the same sample id"]
    return []


def _damaged(path: Path, error: Exception) -> DataError:
    reason = "missing" if isinstance(error, FileNotFoundError) else f"damaged ({error})"
    return DataError(f"{path}: {reason}; run convert again")
