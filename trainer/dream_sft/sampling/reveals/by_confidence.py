"""official and confidence: the most confident positions, ties to the left.

Source: generation_utils.py, the branch for every alg but origin. One difference, on purpose: the
official count is the mean over the batch, so that in a batch of unequal rows one row's count
depends on its neighbours and decided positions may be masked again. Ours is per row, and equals
the official one for a single row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_sft.diffusion.noise import Purpose
from dream_sft.sampling.reveals.protocol import Mask
from dream_sft.sampling.step_view import StepView


class ByConfidence:
    """`raw` False: measured after temperature, top-p and top-k, as the official code does."""

    def __init__(self, *, raw: bool) -> None:
        self.raw_confidence = raw

    def candidates(self, view: StepView) -> Mask:
        """All masked positions of rows that reveal something."""
        return view.masked & (view.counts > 0)[:, None]

    def choose(self, view: StepView, confidence_BC: NDArray[np.float32]) -> Mask:
        """The top of each row; with alg_temp, drawn without replacement. With a threshold,
        every position that reaches it, and the best one always."""
        score_BC = confidence_BC.astype(np.float64)
        if view.alg_temp > 0:
            # Gumbel top-k draws without replacement from softmax(confidence / alg_temp)
            # (Kool, van Hoof, Welling 2019), and needs one number a position.
            unit_BC = np.maximum(view.draws(Purpose.SAMPLE_CHOICE), 2.0**-54)
            score_BC = score_BC / view.alg_temp - np.log(-np.log(unit_BC))
        score_BC = np.where(view.masked, score_BC, -np.inf)
        ranking_BC = np.argsort(-score_BC, axis=1, kind="stable")
        rank_BC = np.empty_like(ranking_BC)
        np.put_along_axis(rank_BC, ranking_BC, np.arange(ranking_BC.shape[1])[None], axis=1)
        chosen_BC: Mask = view.masked & (rank_BC < view.counts[:, None])
        if view.threshold is not None:
            sure_BC = view.masked & (confidence_BC >= np.float32(view.threshold))
            chosen_BC = chosen_BC | (sure_BC & (view.counts > 0)[:, None])
        return chosen_BC
