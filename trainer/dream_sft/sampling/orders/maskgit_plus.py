"""maskgit_plus: the most probable drawn tokens first."""

from __future__ import annotations

from torch import Tensor

from dream_sft.sampling.orders.ranked import Ranked


class MaskgitPlus(Ranked):
    """Confidence is the drawn token's probability (the largest one at temperature 0)."""

    def confidence(self, probs_NV: Tensor, drawn_N: Tensor) -> Tensor:
        """p(drawn), [N]."""
        return drawn_N
