"""A mark in the folder of compiled code while a process may compile: training until its first step
is done, decoding to its end.

Compilers write in place: a process that is killed meanwhile leaves half a file, which torch loads
at every later start ("file too short") and no retry gets past. A mark is locked by the process that
made it, so one that can be locked was left by a dead process; what has been written since is then
thrown away, and compiled again.
"""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from pathlib import Path

from dream_sft.io.closing import Closing

_PREFIX = ".compiling."

log = logging.getLogger("dream_sft.train")


class CompilingMark(Closing):
    """Of this process, for `folder`; `close` (or the end of the block) takes it away."""

    def __init__(self, folder: Path) -> None:
        """Clears what dead processes left, then marks. Raises OSError."""
        for mark in sorted(folder.glob(f"{_PREFIX}*")):
            _clear_if_left(folder, mark)
        self._descriptor, name = tempfile.mkstemp(prefix=_PREFIX, dir=folder)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._path: Path | None = Path(name)

    def settled(self) -> None:
        """What was begun is compiled: a kill from here on costs only what is written later."""
        if self._path is not None:
            os.utime(self._descriptor)

    def close(self) -> None:
        """Everything that was begun is compiled."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._path = None


def _clear_if_left(folder: Path, mark: Path) -> None:
    try:
        with mark.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            since = os.fstat(handle.fileno()).st_mtime_ns
            removed = [path for path in folder.rglob("*") if _remove(path, since)]
            mark.unlink(missing_ok=True)
    except (BlockingIOError, FileNotFoundError):  # its process lives, or another start was faster
        return
    log.info(
        "removed %d files of compiled code: a start was killed while it compiled", len(removed)
    )


def _remove(path: Path, since: int) -> bool:
    """A file written since then, marks apart."""
    try:
        fresh = path.is_file() and path.stat().st_mtime_ns >= since
        if not fresh or path.name.startswith(_PREFIX):
            return False
        path.unlink()
    except FileNotFoundError:
        return False
    return True
