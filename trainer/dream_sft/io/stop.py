"""SIGTERM as a request: long work ends at its next safe point, with a checkpoint."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

_requested = threading.Event()
_file: Path | None = None


def listen(file: Path | None = None) -> None:
    """From now on SIGTERM (once or many times) only sets the flag. Main thread only.

    `file`: it asks too, as soon as it exists (a launcher asks its ranks, rank_process.py).
    """
    global _file
    _file = file
    signal.signal(signal.SIGTERM, lambda _number, _frame: _requested.set())


def stop_requested() -> bool:
    return _requested.is_set() or (_file is not None and _file.exists())
