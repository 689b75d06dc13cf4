"""What a pace decides: how many positions each row reveals at a step of its block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Paced:
    """One step of every row, [B] each."""

    counts: NDArray[np.int64]
    shares: NDArray[np.float32]
    last: NDArray[np.bool_]


class Pace(Protocol):
    """`limit`: steps of one block, after which it is over whatever is left."""

    limit: int

    def at(self, step_B: NDArray[np.int64], masked_B: NDArray[np.int64]) -> Paced:
        """step_B counts from 0 in each block; masked_B is what is undecided there."""
        ...
