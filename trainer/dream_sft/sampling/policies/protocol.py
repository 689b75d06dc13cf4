"""What a cache policy decides: which pass a row needs at its next step.

Keys and values of a bidirectional model change with every token anywhere, so a cache is an
approximation, and a policy is how stale it may get. FULL computes the whole row and refreshes
all of its keys and values; WINDOW computes the open block [s, e) as positions [s-1, e) (the
logit of s lives at s-1) against what is kept; COMMIT is a WINDOW over the block just finished,
so that its last tokens' keys and values are kept instead of those of the masks before them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Policy:
    """When a row needs a FULL pass, and whether a finished block is committed."""

    every_step: bool  # FULL at every step
    every_block: bool  # FULL at the first step of every block, else of the first block only
    commits: bool  # COMMIT after every block but the last

    def full(self, block_B: NDArray[np.int64], passes_B: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rows' next pass is FULL, [B]; passes_B were made for the block already."""
        first_B = (passes_B == 0) & (self.every_block | (block_B == 0))
        full_B: NDArray[np.bool_] = first_B | self.every_step
        return full_B
