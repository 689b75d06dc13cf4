"""entropy: the most certain distributions first."""

from __future__ import annotations

from torch import Tensor

from dream_sft.sampling.orders.ranked import Ranked


class Entropy(Ranked):
    """Confidence is the negative entropy, sum of p log(p + 1e-10), as in the official code."""

    def confidence(self, probs_NV: Tensor, drawn_N: Tensor) -> Tensor:
        """Negative entropy in nats, [N]."""
        return (probs_NV * (probs_NV + 1e-10).log()).sum(dim=-1)
