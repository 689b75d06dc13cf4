"""What ranks other than the first have in the place of files: the first writes for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dream_sft.io.run_dir import Metrics
from dream_sft.train.checkpoint import Snapshot
from dream_sft.train.checkpointer import Checkpointer


class NoMetrics(Metrics):
    """Writes no record."""

    def __init__(self) -> None:
        self.path = Path()

    def write(self, step: int, wall_time: float, record: Mapping[str, Any]) -> None:
        pass

    @property
    def size(self) -> int:
        return 0

    def close(self) -> None:
        pass


class NoCheckpoints(Checkpointer):
    """Takes none: rank 0 copies its weights, which are everybody's."""

    def __init__(self) -> None:
        self.last_taken = None

    def prepare(self, step: int) -> None:
        pass

    def due(self, step: int) -> bool:
        return False

    def take(self, snapshot: Callable[[], Snapshot]) -> float:
        return 0.0

    def finish(self) -> None:
        pass
