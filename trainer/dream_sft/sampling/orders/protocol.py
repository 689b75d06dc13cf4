"""What an order decides, and what it may look at.

Shape letters: B rows, C canvas positions, N scored positions, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dream_sft.diffusion.noise import Purpose, uniform


@dataclass(frozen=True)
class StepView:
    """One step as an order sees it."""

    masked: NDArray[np.bool_]  # [B, C] undecided positions inside the current window
    sample_ids: NDArray[np.uint64]  # [B]
    number: int  # of the step, over the whole canvas
    share: np.float32  # of the masked positions to reveal: 1 - s/t
    last: bool  # of its window: reveal everything
    seed: int
    alg_temp: float

    def draws(self, purpose: Purpose) -> NDArray[np.float64]:
        """Uniform numbers [B, C], functions of (seed, sample id, step, canvas position)."""
        places = np.arange(self.masked.shape[1])[None]
        return uniform(self.seed, self.sample_ids[:, None], self.number, purpose, places)


class Order(Protocol):
    """Which positions are scored at a step, how sure each is, and which are revealed."""

    def candidates(self, view: StepView) -> NDArray[np.bool_]:
        """Positions [B, C] whose tokens are needed; none at all saves the forward pass."""
        ...

    def confidence(self, probs_NV: Tensor, drawn_N: Tensor) -> Tensor:
        """Confidence [N] from the filtered distribution and the drawn token's probability."""
        ...

    def reveal(self, view: StepView, confidence_BC: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Positions [B, C] to reveal, a subset of the candidates (-inf elsewhere)."""
        ...
