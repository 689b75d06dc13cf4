"""Writing a Dream model in the Hugging Face layout.

A reader never sees half a file: everything is written to a temporary folder beside the target,
flushed to disk, then renamed file by file. The same weights give the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from dream_sft.model.layout import CONFIG, INDEX, SINGLE
from dream_sft.model.network import Dream
from dream_sft.model.spoilt import refuse_spoilt
from dream_sft.model.tensor_files import Write, write_tensors

DEFAULT_SHARD_BYTES = 5_000_000_000
SMALL_FILE_BYTES = 64 * 1024 * 1024
METADATA = {"format": "pt"}
_WEIGHT_SUFFIXES = {".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".h5", ".msgpack"}


def save_dream(
    model: Dream,
    folder: Path,
    *,
    source: Path | None = None,
    max_shard_bytes: int = DEFAULT_SHARD_BYTES,
    write: Write | None = None,
) -> list[Path]:
    """Write weights, config.json and, from `source`, every other small file at its top level.

    config.json's `torch_dtype` says what was written. Returns the files, sorted by name.
    Raises OSError (disk full, no permission); the folder then holds what it held before, or
    some files of it renamed and the others old.
    """
    refuse_spoilt(model)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".saving-{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        if source is not None:
            _copy_small_files(source, temporary)
        write_weights(model, temporary, max_shard_bytes, write)
        _write_config(model, temporary)
        return _move_in(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _copy_small_files(source: Path, target: Path) -> None:
    for path in sorted(source.iterdir()):
        weights = path.suffix in _WEIGHT_SUFFIXES or path.name.endswith(".index.json")
        if weights or path.name.startswith(".") or not path.is_file():
            continue
        if path.stat().st_size <= SMALL_FILE_BYTES:
            shutil.copyfile(path, target / path.name)


def write_weights(
    model: Dream,
    folder: Path,
    max_shard_bytes: int = DEFAULT_SHARD_BYTES,
    write: Write | None = None,
) -> None:
    """Tensor by tensor from wherever they live: host memory never holds a copy of the model."""
    write = write or write_tensors
    state = {name: weight.detach() for name, weight in model.state_dict().items()}
    shards = list(_cut(state, max_shard_bytes))
    if len(shards) == 1:
        write(folder / SINGLE, state, METADATA)
        return
    weight_map = {}
    for number, keys in enumerate(shards, 1):
        name = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        write(folder / name, {k: state[k] for k in keys}, METADATA)
        weight_map.update(dict.fromkeys(keys, name))
    total = sum(v.nbytes for v in state.values())
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    _write_json(folder / INDEX, index)


def _cut(state: dict[str, Tensor], limit: int) -> Iterator[list[str]]:
    """Keys in model order, a new shard wherever the next tensor would pass the limit."""
    keys: list[str] = []
    size = 0
    for key, weight in state.items():
        if keys and size + weight.nbytes > limit:
            yield keys
            keys, size = [], 0
        keys.append(key)
        size += weight.nbytes
    yield keys


def _write_config(model: Dream, folder: Path) -> None:
    dtype = str(model.lm_head.weight.dtype).removeprefix("torch.")
    wanted = {**model.config.to_dict(), "torch_dtype": dtype}
    path = folder / CONFIG
    if path.is_file():
        try:
            if json.loads(path.read_text(encoding="utf-8")) == wanted:
                return  # keep the source's own bytes
        except ValueError:
            pass
    _write_json(path, wanted)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _move_in(temporary: Path, folder: Path) -> list[Path]:
    names = sorted(path.name for path in temporary.iterdir())
    for name in names:
        _flush(temporary / name)
    # The index goes last: it is what makes a set of shards visible.
    for name in sorted(names, key=lambda n: (n == INDEX, n)):
        (temporary / name).replace(folder / name)
    ours = set(names)
    for stale in folder.iterdir():
        if stale.name not in ours and (stale.name == INDEX or stale.suffix == ".safetensors"):
            stale.unlink()
    return [folder / name for name in names]


def _flush(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
