"""What a reveal decides: which masked positions are scored, and which of them are revealed."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dream_sft.sampling.step_view import StepView

Mask = NDArray[np.bool_]


class Reveal(Protocol):
    """`raw_confidence`: measured at temperature 1 without top-p and top-k."""

    raw_confidence: bool

    def candidates(self, view: StepView) -> Mask:
        """Positions [B, C] whose tokens are needed."""
        ...

    def choose(self, view: StepView, confidence_BC: NDArray[np.float32]) -> Mask:
        """Positions [B, C] to reveal, a subset of the candidates (-inf elsewhere)."""
        ...
