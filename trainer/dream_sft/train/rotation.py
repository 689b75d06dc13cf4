"""Which checkpoints in the staging folder stay.

The newest ones, the best by fixed-noise validation, and those that end an epoch of a validated run.
What is damaged does not count as one of the newest, so the last whole checkpoint always stays; it
is left for inspection.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATE = "trainer_state.json"


@dataclass(frozen=True)
class _Found:
    path: Path
    step: int
    ends_epoch: bool
    nll: float | None  # of a validation at this very step
    grid: str | None


def prune(folder: Path, keep: int) -> None:
    """Delete what need not stay of the checkpoints in `folder`; `keep` counts the newest."""
    numbered = [p for p in folder.glob("step-*") if p.name.removeprefix("step-").isdigit()]
    found = [whole for path in numbered if (whole := _read(path)) is not None]
    found.sort(key=lambda checkpoint: checkpoint.step)
    best = _best(found)
    for checkpoint in found[:-keep]:
        if checkpoint is best or checkpoint.ends_epoch:
            continue
        # Renamed first, so that a deletion cut short leaves no half checkpoint under its name, but
        # what `io.files.remove_leftovers` knows.
        doomed = checkpoint.path.rename(folder / f".{checkpoint.path.name}.{os.getpid()}.old")
        shutil.rmtree(doomed, ignore_errors=True)


def _best(found: Sequence[_Found]) -> _Found | None:
    """Lowest loss on the newest grid; measures on another grid say nothing about it. The earliest
    of equals, as in `TrainState.note_validation`."""
    measured = [c for c in found if c.nll is not None]
    if not measured:
        return None
    comparable = [c for c in measured if c.grid == measured[-1].grid]
    return min(comparable, key=lambda c: (c.nll, c.step))


def _read(path: Path) -> _Found | None:
    """None for a checkpoint that is not whole (sizes only: hashing would take minutes)."""
    try:
        content: dict[str, Any] = json.loads((path / STATE).read_text(encoding="utf-8"))
        step = int(content["step"])
        if any((path / e["path"]).stat().st_size != e["size"] for e in content["files"]):
            return None
        noted: dict[str, Any] = content.get("validation") or {}
        here = noted.get("step") == step
        return _Found(
            path=path,
            step=step,
            ends_epoch=bool(content.get("endsEpoch", False)),
            nll=float(noted["nll"]) if here else None,
            grid=str(noted["grid"]) if here else None,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
