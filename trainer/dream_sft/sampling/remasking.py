"""Experimental: decided tokens that were unsure are taken back and predicted again.

Source: Wang et al., "Remasking Discrete Diffusion Models with Inference-Time Scaling" (ReMDM,
arXiv 2503.00307), the cap schedule with confidence as at the last reveal. Ours differs: it draws
nothing, but takes the least confident share of a block's decided tokens, and the step reveals as
many more as were taken, so that the schedule ends where it would.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_sft.sampling.slots import Mask, Slots


def take_back(slots: Slots, rows: Mask, share: float) -> tuple[NDArray[np.int64], Mask]:
    """Mask the int(decided * share) least confident tokens of the open block of each of `rows`;
    how many, [B], and which, [B, C]. Ties go right: later tokens rest on earlier ones."""
    decided_BC = slots.open & ~slots.masked & rows[:, None]
    count_B = (decided_BC.sum(axis=1) * share).astype(np.int64)
    score_BC = np.where(decided_BC, slots.confidence, np.inf)
    order_BC = np.argsort(score_BC[:, ::-1], axis=1, kind="stable")
    rank_BC = np.empty_like(order_BC)
    np.put_along_axis(rank_BC, order_BC, np.arange(order_BC.shape[1])[None], axis=1)
    taken_BC: Mask = decided_BC & (rank_BC[:, ::-1] < count_B[:, None])
    slots.canvas[taken_BC] = slots.model.mask_token_id
    return count_B, taken_BC
