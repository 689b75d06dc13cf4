"""Order origin: each masked position goes with probability 1 - s/t (generation_utils.py)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_sft.diffusion.noise import Purpose
from dream_sft.sampling.reveals.protocol import Mask
from dream_sft.sampling.step_view import StepView


class AtRandom:
    """The reverse process itself; only what the draw reveals is scored."""

    raw_confidence = False

    def candidates(self, view: StepView) -> Mask:
        """The positions that this step's draw reveals; all of them at the last step."""
        drawn_BC = view.draws(Purpose.SAMPLE_REVEAL) < view.shares[:, None].astype(np.float64)
        chosen_BC: Mask = view.masked & (drawn_BC | view.last[:, None])
        return chosen_BC

    def choose(self, view: StepView, confidence_BC: NDArray[np.float32]) -> Mask:
        """Every candidate."""
        return view.masked & (confidence_BC > -np.inf)
