"""What happened during a decoding, for people who want to look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Reveal:
    """At `step`, canvas `position` of prompt `row` became `token` (the mask: taken back)."""

    row: int
    step: int
    position: int
    token: int
    confidence: float  # in the order's own measure


@dataclass
class Trace:
    """Every reveal, in order for each row, and how many steps each row took."""

    reveals: list[Reveal]
    steps: NDArray[np.int64]  # [n]

    def of(self, row: int) -> list[Reveal]:
        """The reveals of one row."""
        return [reveal for reveal in self.reveals if reveal.row == row]


def history(reveals: Iterable[Reveal], steps: int, canvas: int, mask: int) -> NDArray[np.int64]:
    """The canvas [steps, C] of one row after every step, from its reveals."""
    canvases = np.full((steps, canvas), mask, np.int64)
    for reveal in reveals:
        canvases[reveal.step :, reveal.position] = reveal.token
    return canvases
