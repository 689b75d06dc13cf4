"""The official time grid, begun again at 1 in every block.

t = linspace(1, eps, steps + 1), share = 1 - s/t, counts truncated to whole positions; at the last
step everything. In float32 and through torch, because a grid that differs in the last bit
reveals another number of positions (generation_utils.py).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.paces.protocol import Paced


class Schedule:
    """steps / blocks steps for each block."""

    def __init__(self, config: SamplingConfig) -> None:
        assert config.steps is not None
        self.limit = config.steps // config.blocks
        grid = torch.linspace(1, config.eps, self.limit + 1, dtype=torch.float32, device="cpu")
        self.shares: NDArray[np.float32] = (1 - grid[1:] / grid[:-1]).numpy()

    def at(self, step_B: NDArray[np.int64], masked_B: NDArray[np.int64]) -> Paced:
        """int(masked * share), in float32 as in the official code."""
        step_B = np.minimum(step_B, self.limit - 1)
        last_B = step_B == self.limit - 1
        shares_B = self.shares[step_B]
        product_B: NDArray[np.float32] = masked_B.astype(np.float32) * shares_B
        counts_B = np.where(last_B, masked_B, product_B.astype(np.int64))
        return Paced(counts_B, shares_B, last_B)
