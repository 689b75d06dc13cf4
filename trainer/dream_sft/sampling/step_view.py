"""One step as whoever chooses positions sees it.

Shape letters: B rows, C canvas positions. Rows may be at different steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream_sft.diffusion.noise import Purpose, uniform


@dataclass(frozen=True)
class StepView:
    """What is open, and how much of it goes."""

    masked: NDArray[np.bool_]  # [B, C] undecided positions of the open block
    counts: NDArray[np.int64]  # [B] positions to reveal
    sample_ids: NDArray[np.uint64]  # [B]
    numbers: NDArray[np.int64]  # [B] of the step, over the row's whole canvas
    shares: NDArray[np.float32]  # [B] of the masked positions to reveal: 1 - s/t
    last: NDArray[np.bool_]  # [B] of its block: reveal everything
    seed: int
    alg_temp: float = 0.0
    threshold: float | None = None

    def draws(self, purpose: Purpose) -> NDArray[np.float64]:
        """Uniform numbers [B, C], functions of (seed, sample id, step, canvas position)."""
        drawn_BC = np.zeros(self.masked.shape)
        places = np.arange(self.masked.shape[1])[None]
        for number in np.unique(self.numbers):
            rows = self.numbers == number
            ids = self.sample_ids[rows, None]
            drawn_BC[rows] = uniform(self.seed, ids, int(number), purpose, places)
        return drawn_BC
