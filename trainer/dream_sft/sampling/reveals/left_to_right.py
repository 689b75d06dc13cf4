"""left_to_right: the leftmost masked positions, whatever their confidence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_sft.sampling.reveals.protocol import Mask
from dream_sft.sampling.step_view import StepView


class LeftToRight:
    """What is revealed is known before it is scored, so nothing else is scored."""

    raw_confidence = False

    def candidates(self, view: StepView) -> Mask:
        """The leftmost `counts` masked positions of each row."""
        rank_BC = view.masked.cumsum(axis=1)
        chosen_BC: Mask = view.masked & (rank_BC <= view.counts[:, None])
        return chosen_BC

    def choose(self, view: StepView, confidence_BC: NDArray[np.float32]) -> Mask:
        """Every candidate."""
        return view.masked & (confidence_BC > -np.inf)
