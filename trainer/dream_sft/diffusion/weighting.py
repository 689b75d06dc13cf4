"""Loss weights of masked tokens, computed on the host for one document at a time.

Source: fsdp_sft_trainer.py of the official trainer, `time_reweighting`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray

WeightingKind = Literal["none", "original", "linear", "cart"]


@dataclass(frozen=True, kw_only=True)
class Weighting:
    """none: 1. original: 1/t. linear: 1 - t. cart: by the unmasked neighbours (`cart_p`)."""

    kind: WeightingKind = "cart"
    cart_p: float = 0.1

    def __post_init__(self) -> None:
        mistakes = []
        if self.kind not in ("none", "original", "linear", "cart"):
            mistakes.append(f"{self.kind!r} is none of none, original, linear, cart")
        if not 0.0 < self.cart_p < 1.0:
            mistakes.append(f"cart_p {self.cart_p} is not between 0 and 1")
        if mistakes:
            raise ValueError("weighting: " + "; ".join(mistakes))


def token_weights(
    weighting: Weighting, t: float, masked_L: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """The weight of every position [L] of one document: 0 where it is not masked."""
    if weighting.kind == "cart":
        weights_L = cart_weights(masked_L, weighting.cart_p)
    else:
        value = {"none": 1.0, "original": 1.0 / t, "linear": 1.0 - t}[weighting.kind]
        weights_L = np.full(masked_L.shape, value, np.float64)
    return np.where(masked_L, weights_L, 0.0).astype(np.float32)


def cart_weights(masked_L: NDArray[np.bool_], p: float) -> NDArray[np.float64]:
    """w_n = sum over unmasked i != n of p/2 (1-p)^(|n-i|-1), for every n (masked or not).

    The official code multiplies with an L x L matrix; both one-sided sums are the recurrence
    s_n = (1-p) s_(n-1) + u_(n-1), which needs O(L) and stops at the document's ends.
    """
    unmasked = (~masked_L).astype(np.float64)
    return 0.5 * p * (_left_sums(unmasked, 1.0 - p) + _left_sums(unmasked[::-1], 1.0 - p)[::-1])


def _left_sums(values: NDArray[np.float64], decay: float) -> NDArray[np.float64]:
    if not values.size:
        return values
    sums = accumulate(values[:-1].tolist(), lambda total, v: decay * total + v, initial=0.0)
    return np.fromiter(sums, np.float64, values.size)
