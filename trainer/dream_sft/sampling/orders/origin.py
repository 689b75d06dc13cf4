"""origin: every masked position is revealed with probability 1 - s/t, in random order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dream_sft.diffusion.noise import Purpose
from dream_sft.sampling.orders.protocol import StepView


class Origin:
    """The reverse process itself (generation_utils.py, alg origin); confidence plays no part."""

    def candidates(self, view: StepView) -> NDArray[np.bool_]:
        """The positions that this step's draw reveals; all of them at the last step."""
        if view.last:
            return np.copy(view.masked)
        unit_BC = view.draws(Purpose.SAMPLE_REVEAL)
        chosen_BC: NDArray[np.bool_] = view.masked & (unit_BC < float(view.share))
        return chosen_BC

    def confidence(self, probs_NV: Tensor, drawn_N: Tensor) -> Tensor:
        """The drawn token's probability, for the trace only."""
        return drawn_N

    def reveal(self, view: StepView, confidence_BC: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Every candidate."""
        return view.masked & (confidence_BC > -np.inf)
