"""Checkpoints on disk: a snapshot in host memory, its folder, and reading it back.

A folder `step-<n>` holds
- model/: the weights in the Hugging Face layout with the base's tokenizer files, or adapter/: the
  LoRA factors in PEFT's layout (training/methods/ writes either);
- optimizer.safetensors, or several of at most 5 GB (optimizer_files.py): the optimizer's state,
  both moments of every weight at least;
- metrics.jsonl: one record a step, up to this step;
- compiled-code.bin where `checkpoints.compiledCode` asks for it (compile_cache.py);
- trainer_state.json: counts, order hash, settings, numerics fingerprint, and size and sha256 of
  every other file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dream_sft.io.errors import DataError
from dream_sft.io.files import FileEntry, file_entries, file_entry, sha256_file, write_folder
from dream_sft.model.network import Dream
from dream_sft.train.rotation import STATE
from dream_sft.train.state import Marks, TrainState, state_from_json

MODEL = "model"
METRICS = "metrics.jsonl"


@dataclass(frozen=True)
class Snapshot:
    """Everything a checkpoint holds, detached from the training that goes on.

    Weights and moments are host copies; or they lie written in the folder `written` (capture.py).
    """

    step: int
    weights: dict[str, Tensor]
    moments: dict[str, Tensor]
    metrics_file: Path
    metrics_bytes: int  # of metrics_file, which grows meanwhile
    state_json: Any  # files → content of trainer_state.json
    marks: Marks = field(default_factory=Marks)
    written: Path | None = None


# Writes (folder, weights, moments): Method.write.
WriteTensors = Callable[[Path, dict[str, Tensor], dict[str, Tensor]], None]


def write_checkpoint(
    snapshot: Snapshot,
    folder: Path,
    write: WriteTensors,
    also: Callable[[Path], None] | None = None,
) -> list[FileEntry]:
    """Write `folder` (visible only when complete and flushed); returns its files, by path.

    `also` puts further files into the folder it is given.

    Raises OSError or SafetensorError; nothing of this checkpoint is then left behind.
    """

    def fill(temporary: Path) -> list[FileEntry]:
        if snapshot.written is None:
            write(temporary, snapshot.weights, snapshot.moments)
        else:
            for path in snapshot.written.iterdir():
                path.rename(temporary / path.name)
            snapshot.written.rmdir()
        with snapshot.metrics_file.open("rb") as source:
            (temporary / METRICS).write_bytes(source.read(snapshot.metrics_bytes))
        if also is not None:
            also(temporary)
        files = file_entries(temporary)
        (temporary / STATE).write_text(snapshot.state_json(files), encoding="utf-8")
        return sorted([*files, file_entry(temporary, STATE)], key=lambda e: str(e["path"]))

    return write_folder(folder, fill)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose every file was verified."""

    folder: Path
    state: TrainState
    settings: dict[str, Any]
    fingerprint: dict[str, str]
    records: str  # content of metrics.jsonl


def read_checkpoint(folder: Path) -> Checkpoint:
    """Verify and read `folder`. Raises DataError naming every damaged or missing file."""
    path = folder / STATE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != 1:
            raise DataError(f"{path}: version {content['version']} is unknown to this program")
        mistakes = [m for entry in content["files"] for m in _damage(folder, entry)]
        if mistakes:
            raise DataError(f"the checkpoint {folder} is damaged; resume from another", mistakes)
        return Checkpoint(
            folder=folder,
            state=state_from_json(content),
            settings=dict(content["settings"]),
            fingerprint=dict(content["fingerprint"]),
            records=(folder / METRICS).read_text(encoding="utf-8"),
        )
    except FileNotFoundError as error:
        raise DataError(f"{folder} is no checkpoint: no {Path(error.filename).name}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise DataError(f"the checkpoint {folder} is damaged ({STATE}: {why})") from error


def _damage(folder: Path, entry: dict[str, Any]) -> list[str]:
    path = folder / entry["path"]
    if not path.is_file():
        return [f"{entry['path']} is missing"]
    size = path.stat().st_size
    if size != entry["size"]:
        return [f"{entry['path']} has {size} bytes, expected {entry['size']}"]
    if sha256_file(path) != entry["sha256"]:
        return [f"{entry['path']} has other content than its sha256 says"]
    return []


def empty_shell(model: Dream) -> Dream:
    with torch.device("meta"):
        return Dream(model.config)
