"""SIGTERM as a request: long work ends at its next safe point, with a checkpoint."""

from __future__ import annotations

import signal
import threading

_requested = threading.Event()


def listen() -> None:
    """From now on SIGTERM (once or many times) only sets the flag. Main thread only."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: _requested.set())


def stop_requested() -> bool:
    return _requested.is_set()
