"""What a tracking service must offer; each method may block or raise, its caller copes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Record:
    """A step's numbers. `time`: seconds since 1970."""

    step: int
    time: float
    values: Mapping[str, float]


class Backend(Protocol):
    """One run in one service, online or on the local disk."""

    def reach(self) -> None:
        """Ask the service for any sign of life. Raises OSError when there is none."""

    def open(self) -> None:
        """Begin the run, or go on with it."""

    def write(self, record: Record) -> None:
        """Hand over one record."""

    def close(self) -> None:
        """Finish the run."""


@dataclass(frozen=True)
class Way:
    """How to keep a run: `label` is for people (`online`), `make` builds a fresh back-end."""

    label: str
    make: Callable[[], Backend]
