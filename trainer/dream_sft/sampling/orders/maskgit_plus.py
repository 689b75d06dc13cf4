"""maskgit_plus: the most probable drawn tokens first."""

from __future__ import annotations

from torch import Tensor


def maskgit_plus(probs_NV: Tensor, drawn_N: Tensor) -> Tensor:
    """p(drawn), [N] (the largest probability at temperature 0)."""
    return drawn_N
