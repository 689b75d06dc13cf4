"""topk_margin: the largest lead of the best token over the second first."""

from __future__ import annotations

from torch import Tensor


def topk_margin(probs_NV: Tensor, drawn_N: Tensor) -> Tensor:
    """p1 - p2, [N]."""
    best_N2 = probs_NV.topk(2, dim=-1).values
    return best_N2[:, 0] - best_N2[:, 1]
