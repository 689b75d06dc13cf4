"""A fixed number of tokens a step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.paces.protocol import Paced


class Budget:
    """`tokens_per_step`, one when it is left out."""

    def __init__(self, config: SamplingConfig) -> None:
        self.tokens = config.tokens_per_step or 1
        self.limit = -(-config.block // self.tokens)

    def at(self, step_B: NDArray[np.int64], masked_B: NDArray[np.int64]) -> Paced:
        """So many, or what is left."""
        counts_B = np.minimum(masked_B, self.tokens)
        shares_B = (counts_B / np.maximum(masked_B, 1)).astype(np.float32)
        return Paced(counts_B, shares_B, step_B >= self.limit - 1)
