"""When to take a checkpoint, and writing it beside the training."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from dream_sft.io.errors import ResourceError, is_disk_full
from dream_sft.io.events import Emit
from dream_sft.io.files import remove_leftovers
from dream_sft.io.process_info import is_dead
from dream_sft.train.checkpoint import Snapshot, WriteTensors, write_checkpoint
from dream_sft.train.compile_cache import save_compiled_code
from dream_sft.train.rotation import prune

log = logging.getLogger("dream_sft.checkpoint")

# Beside the checkpoints, replaced whole by whoever publishes them:
# {"seconds": 41.2, "everySeconds": 140}, the second where it tunes the interval.
PUBLISHING = "publishing.json"


class Checkpointer:
    """Writes snapshots in one background thread, at most one at a time.

    A checkpoint that falls due while another is being written waits for the first step after it,
    so training never stops for longer than the copy out of device memory (promise 7). Nor is one
    taken sooner after the last than publishing took: it would only be overtaken while it waits.
    The best by validation and an epoch's end are of this step or never: for them training waits
    until the one before is written (not until it is published).
    """

    def __init__(self, settings: dict[str, Any], write: WriteTensors, emit: Emit) -> None:
        self._folder = Path(settings["folder"])
        self._every_steps: int | None = settings.get("everySteps")
        self._every_seconds: float | None = settings.get("everySeconds")
        self._keep: int | None = settings["keep"]
        self._write_tensors, self._emit = write, emit
        self._also = save_compiled_code if settings.get("compiledCode") else None
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None
        self._last_step = 0
        self._last_time = time.monotonic()
        self.last_taken: int | None = None

    def prepare(self, step: int) -> None:
        """Training starts after `step`: clear what dead processes left, start the clocks."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in remove_leftovers(self._folder, is_dead):
            log.info("removed %s, which a dead process left unfinished", path)
        self._last_step, self._last_time = step, time.monotonic()

    def due(self, step: int) -> bool:
        """Whether to call `take` after `step`. Raises what the last writing failed with."""
        self._raise_failure()
        if self._thread is not None and self._thread.is_alive():
            return False
        waited = time.monotonic() - self._last_time
        if self._every_steps is not None:
            falls = step // self._every_steps > self._last_step // self._every_steps
            return falls and waited >= read_told(self._folder).seconds
        if self._every_seconds is None:
            return False
        told = read_told(self._folder)
        return waited >= max(told.every_seconds or self._every_seconds, told.seconds)

    def take(self, snapshot: Callable[[], Snapshot]) -> float:
        """Copy now, write in the background; returns the seconds that training waited."""
        begun = time.monotonic()
        self.finish()
        copied = snapshot()
        stall = time.monotonic() - begun
        self._last_step, self._last_time = copied.step, time.monotonic()
        self.last_taken = copied.step
        self._thread = threading.Thread(
            target=self._write, args=(copied, begun, stall), name="checkpoint", daemon=True
        )
        self._thread.start()
        return stall

    def finish(self) -> None:
        """Wait for the checkpoint in flight. Raises what its writing failed with."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._raise_failure()

    def _write(self, snapshot: Snapshot, begun: float, stall: float) -> None:
        try:
            folder = self._folder / f"step-{snapshot.step}"
            files = write_checkpoint(snapshot, folder, self._write_tensors, self._also)
            seconds = time.monotonic() - begun
            self._emit(
                {
                    "type": "checkpoint-ready",
                    "step": snapshot.step,
                    "folder": str(folder),
                    "files": files,
                    "seconds": round(seconds, 6),
                    "stallSeconds": round(stall, 6),
                    **snapshot.marks.to_json(),
                }
            )
            log.info("checkpoint %s written in %.2f s", folder.name, seconds)
            if self._keep is not None:
                prune(self._folder, self._keep)
        except Exception as error:  # carried to the training thread, which raises it
            self._failure = error

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is None:
            return
        if is_disk_full(failure):
            raise ResourceError(
                f"no space left to write a checkpoint in {self._folder} ({failure}); "
                "earlier checkpoints are whole: free space there, then resume",
                "disk",
            ) from failure
        raise failure


class Told(NamedTuple):
    """By whoever publishes the checkpoints of a folder."""

    seconds: float  # that publishing the last one took; 0.0 where nobody has told
    every_seconds: float | None  # from one to the next; None: as the spec has it


def read_told(folder: Path) -> Told:
    """What stands in `folder` now. What cannot be read, or makes no sense, changes nothing."""
    try:
        told = json.loads((folder / PUBLISHING).read_text())
    except (OSError, ValueError):
        return Told(0.0, None)
    if not isinstance(told, dict):
        return Told(0.0, None)
    return Told(_positive(told.get("seconds")) or 0.0, _positive(told.get("everySeconds")))


def _positive(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None
