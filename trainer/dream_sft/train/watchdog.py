"""Ends a training that hangs, so that the next attempt can go on from the last checkpoint."""

from __future__ import annotations

import faulthandler
import logging
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dream_sft.io import exit_codes

_CHECK_SECONDS = 1.0
# Each part of a start (checks, weights, the try of the largest row), the first step, a checkpoint
# or a validation may take this long, no more.
_PATIENCE_SECONDS = 1800.0
# Whatever a step usually takes, a pause this short is no hang.
_LEAST_SECONDS = 120.0
# Whoever watches this process from outside takes a line in the log for a sign of life.
_SAY_SECONDS = 30.0

log = logging.getLogger("dream_sft.train")


def dump_and_exit(seconds: float, waited_for: str) -> None:
    """Every thread's stack on stderr, then the end, without waiting for anything."""
    told = f"waited {seconds:.0f} s for {waited_for}: training hangs; stacks follow"
    print(told, file=sys.stderr)
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    sys.stderr.flush()
    os._exit(exit_codes.HANGING)


class Watchdog:
    """Calls `on_hang` when no step was reported within `factor` times the usual time of one.

    The usual time is the median of the last steps; the start, checkpoints and validations are
    `patient`. `on_hang` is told the seconds, and what they were spent on.
    """

    def __init__(
        self,
        factor: float,
        *,
        on_hang: Callable[[float, str], None] = dump_and_exit,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._factor, self._on_hang, self._clock = factor, on_hang, clock
        self._steps: list[float] = []
        self._waits_for: str | None = None
        self._last = self._said = clock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    @contextmanager
    def watching(self, waits_for: str) -> Iterator[None]:
        """Watch inside, at first patiently. May be entered again inside; the first end ends it."""
        self.first(waits_for)
        if not self._thread.is_alive():
            self._thread.start()
        try:
            yield
        finally:
            self._stopped.set()

    def first(self, waits_for: str) -> None:
        """What comes now is `waits_for`, patiently, until a step is done."""
        self._waits_for = waits_for
        self.alive()

    def step(self, seconds: float) -> None:
        """A step is done and took `seconds`."""
        self._steps = [*self._steps[-49:], seconds]
        self.alive()
        self._waits_for = None

    def alive(self) -> None:
        self._last = self._said = self._clock()

    @contextmanager
    def patient(self, waits_for: str) -> Iterator[None]:
        """Within it the first step's time is allowed, and behind it a step's anew. Not nested."""
        self.first(waits_for)
        try:
            yield
        finally:
            self.alive()
            self._waits_for = None

    @property
    def limit(self) -> float:
        """Seconds without a sign of life that count as a hang."""
        if not self._steps or self._waits_for is not None:
            return _PATIENCE_SECONDS
        return max(self._factor * statistics.median(self._steps), _LEAST_SECONDS)

    def look(self) -> None:
        """Calls `on_hang` if it is time; says what a patient wait is for."""
        now, waits_for = self._clock(), self._waits_for
        waited = now - self._last
        if waited > self.limit:
            self._on_hang(waited, waits_for or "a step")
        elif waits_for is not None and now - self._said >= _SAY_SECONDS:
            self._said = now
            log.info("waiting for %.0f s for %s", waited, waits_for)

    def _watch(self) -> None:
        while not self._stopped.wait(_CHECK_SECONDS):
            self.look()
