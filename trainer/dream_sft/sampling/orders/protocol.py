"""What an order decides: how sure a prediction is.

Shape letters: N scored positions, V vocabulary.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Order(Protocol):
    """A measure of confidence, [N], from a distribution and the drawn token's probability."""

    def __call__(self, probs_NV: Tensor, drawn_N: Tensor) -> Tensor: ...
