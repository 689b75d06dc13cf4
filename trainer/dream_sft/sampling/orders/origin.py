"""origin: every masked position is revealed with probability 1 - s/t, in random order.

Which ones is decided before anything is scored (reveals/at_random.py); confidence plays no part.
"""

from __future__ import annotations

from torch import Tensor


def origin(probs_NV: Tensor, drawn_N: Tensor) -> Tensor:
    """The drawn token's probability, [N], for the trace only."""
    return drawn_N
