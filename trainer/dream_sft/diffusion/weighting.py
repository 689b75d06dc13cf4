"""Loss weights of masked tokens, computed on the host for one document at a time.

Source: fsdp_sft_trainer.py of the official trainer, `time_reweighting`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

# Far below float64 round-off even after 1 / (1 - decay) of such terms.
_NEGLIGIBLE = 2.0**-80
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
    s_n = (1-p) s_(n-1) + u_(n-1), which stops at the document's ends.
    """
    unmasked_L = (~masked_L).astype(np.float64)
    left_L = _left_sums(unmasked_L, 1.0 - p)
    return 0.5 * p * (left_L + _left_sums(unmasked_L[::-1], 1.0 - p)[::-1])


def _left_sums(values_L: NDArray[np.float64], decay: float) -> NDArray[np.float64]:
    """s_n = sum over i < n of decay^(n-i-1) values_i, by doubling.

    Sums over the last d values become sums over the last 2d until nothing further away counts:
    whole-array additions in a fixed order, so the bits are the same on every machine (a matrix
    product's are not), and far faster than the recurrence value by value.
    """
    sums_L = np.zeros_like(values_L)
    sums_L[1:] = values_L[:-1]
    reach, share = 1, decay
    while reach < sums_L.size and share > _NEGLIGIBLE:
        sums_L[reach:] += share * sums_L[:-reach]
        reach, share = 2 * reach, share * share
    return sums_L
