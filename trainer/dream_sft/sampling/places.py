"""The canvas positions that a step scores: always as many, so that shapes never change.

Shape letters: B slots, C canvas positions, Q scored positions of a slot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream_sft.sampling.reveals import Mask


@dataclass(frozen=True)
class Places:
    """Canvas positions [B, Q], in order, and which of them are not padding."""

    place_BQ: NDArray[np.int64]
    real_BQ: Mask

    @classmethod
    def of(cls, wanted_BC: Mask, most: int) -> Places:
        """Raises AssertionError when a row wants more than `most` = Q."""
        count_B = wanted_BC.sum(axis=1)
        assert count_B.max(initial=0) <= most
        first_BC = np.argsort(~wanted_BC, axis=1, kind="stable")
        return cls(first_BC[:, :most], np.arange(most)[None] < count_B[:, None])

    def within(self, first_B: NDArray[np.int64]) -> NDArray[np.int64]:
        """[B, Q] where their logits live in windows [s-1, e) whose blocks begin at first_B;
        padding reads the first position."""
        read_BQ: NDArray[np.int64] = np.where(self.real_BQ, self.place_BQ - first_B[:, None], 0)
        return read_BQ
