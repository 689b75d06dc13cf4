"""What ranks other than the first have in the place of files: the first writes for all."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dream_sft.io.run_dir import Metrics
from dream_sft.train.checkpoint import Snapshot, WriteTensors
from dream_sft.train.checkpointer import Checkpointer


class NoMetrics(Metrics):
    """Writes no record."""

    def __init__(self) -> None:
        self.path = Path()

    def write(self, step: int, wall_time: float, record: Mapping[str, Any]) -> None:
        pass

    def write_validation(self, step: int, wall_time: float, measured: Mapping[str, Any]) -> None:
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


class JoinedCheckpoints(NoCheckpoints):
    """Writes this rank's rows into the files of the first rank's checkpoint, in the background."""

    def __init__(self, folder: Path, write: WriteTensors) -> None:
        super().__init__()
        self._folder, self._write_tensors = folder, write
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None

    def due(self, step: int) -> bool:
        self._raise_failure()
        return False

    def take(self, snapshot: Callable[[], Snapshot]) -> float:
        """The rows are written while the first rank waits for them: no stall is told."""
        self.finish()
        copied = snapshot()
        self.last_taken = copied.step
        if copied.written is not None:  # straight from the device; nothing else lies there
            shutil.rmtree(copied.written)
            return 0.0
        self._thread = threading.Thread(
            target=self._write_rows, args=(copied,), name="checkpoint", daemon=True
        )
        self._thread.start()
        return 0.0

    def finish(self) -> None:
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._raise_failure()

    def _write_rows(self, copied: Snapshot) -> None:
        try:
            folder = self._folder / f"step-{copied.step}"
            self._write_tensors(folder, copied.weights, copied.moments)
        except Exception as error:  # carried to the training thread, which raises it
            self._failure = error
