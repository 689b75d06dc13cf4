"""entropy: the most certain distributions first."""

from __future__ import annotations

from torch import Tensor


def entropy(probs_NV: Tensor, drawn_N: Tensor) -> Tensor:
    """Negative entropy in nats, [N]: sum of p log(p + 1e-10), as in the official code."""
    return (probs_NV * (probs_NV + 1e-10).log()).sum(dim=-1)
