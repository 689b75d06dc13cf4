"""What every source of the download stage takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Emit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Fetched:
    """`paths` are the files in the destination; `revision` the commit of a hub repository."""

    paths: list[Path]
    revision: str | None = None


Fetch = Callable[[dict[str, Any], Path, Emit], Fetched]


def progress(emit: Emit, what: str, done: int, total: int | None, unit: str) -> None:
    emit({"type": "progress", "what": what, "done": done, "total": total, "unit": unit})
