"""Confidence-threshold parallel decoding (Fast-dLLM, arXiv 2505.22618, section 3.3): every
position whose token is at least so probable, and always the best one.

Published to collapse on Dream-Instruct (HumanEval 55.5 to 5.5, Fast-dLLM issue 43): not for a
before/after.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.paces.protocol import Paced


class Threshold:
    """One position at least; the threshold itself is applied where confidence is known."""

    def __init__(self, config: SamplingConfig) -> None:
        self.limit = config.block

    def at(self, step_B: NDArray[np.int64], masked_B: NDArray[np.int64]) -> Paced:
        """At most as many steps as the block has positions."""
        counts_B = np.minimum(masked_B, 1)
        last_B = step_B >= self.limit - 1
        shares_B = np.zeros(len(masked_B), np.float32)
        return Paced(counts_B, shares_B, last_B)
