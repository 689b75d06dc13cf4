"""What the three confidence orders share: how many to reveal, and choosing them.

Source: generation_utils.py, the branch for every alg but origin. One difference, on purpose:
the official count is the mean over the batch, so that in a batch of unequal rows one row's
count depends on its neighbours and decided positions may be masked again. Ours is per row,
and equals the official one for a single row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_sft.diffusion.noise import Purpose
from dream_sft.sampling.orders.protocol import StepView


class Ranked:
    """Reveal the int(masked * (1 - s/t)) most confident positions of each row."""

    def candidates(self, view: StepView) -> NDArray[np.bool_]:
        """All masked positions of rows that reveal something at this step."""
        return view.masked & (counts(view) > 0)[:, None]

    def reveal(self, view: StepView, confidence_BC: NDArray[np.float32]) -> NDArray[np.bool_]:
        """The top of each row, ties to the left; with alg_temp, drawn without replacement."""
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
        chosen_BC: NDArray[np.bool_] = view.masked & (rank_BC < counts(view)[:, None])
        return chosen_BC


def counts(view: StepView) -> NDArray[np.int64]:
    """How many positions each row reveals, [B]; float32 arithmetic as in the official code."""
    masked_B: NDArray[np.int64] = view.masked.sum(axis=1, dtype=np.int64)
    if view.last:
        return masked_B
    product_B: NDArray[np.float32] = masked_B.astype(np.float32) * view.share
    whole_B: NDArray[np.int64] = product_B.astype(np.int64)
    return whole_B
