"""The smallest difference that n questions can show, to be printed before anything is paid for.

Power of the exact McNemar test: discordant pairs m ~ B(n, d), gains among them ~ B(m, g / d) with
g = (d + difference) / 2; the test rejects at p < 0.05. Source: Miettinen 1968, "The matched pairs
design in the case of all-or-none responses", in its exact form (summed, not approximated).
d is how many answers change at all. It is not known beforehand; a tenth is what a fine-tuning of
an already capable model typically moves, and gives about 15, 6, 4 and 2.5 points for 50, 200, 500
and 1319 questions. A larger d asks for more questions.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

DISCORDANT = 0.1
POWER = 0.8
LEVEL_ONE_IN = 20  # p < 0.05, in whole numbers: 2^n is no float from n = 1024 on
_PRECISION = 0.0005


@functools.cache
def smallest_detectable(n: int, discordant: float = DISCORDANT) -> float:
    """The difference (a share) that `n` questions show in 4 of 5 evaluations; 1.0 when none can.

    Raises ValueError for n < 1 and for a share of changed answers outside (0, 1].
    """
    if n < 1 or not 0 < discordant <= 1:
        raise ValueError(f"{n} questions, {discordant} of them changed: cannot be")
    high = 1 / n
    while power(n, high, discordant) < POWER:
        if high >= 1.0:
            return 1.0
        high = min(1.0, 2 * high)
    low = high / 2
    while high - low > _PRECISION:
        middle = (low + high) / 2
        if power(n, middle, discordant) >= POWER:
            high = middle
        else:
            low = middle
    return high


def power(n: int, difference: float, discordant: float) -> float:
    """Chance that the exact McNemar test finds a true gain of `difference` with p < 0.05."""
    changed = max(difference, discordant)
    gain = (changed + difference) / 2
    weights = _binomial(n, changed)
    return float(
        sum(
            weights[m] * _binomial(m, min(1.0, gain / changed))[m - most :].sum()
            for m in np.flatnonzero(weights > 1e-12).tolist()
            if (most := _most_losses(m)) >= 0
        )
    )


@functools.cache
def _most_losses(changed: int) -> int:
    """The most losses among `changed` answers at which the gain is significant; -1: none."""
    tail = 0
    for losses in range(changed // 2 + 1):
        tail += math.comb(changed, losses)
        if 2 * tail * LEVEL_ONE_IN >= 2**changed:
            return losses - 1
    return changed // 2


def _binomial(n: int, p: float) -> NDArray[np.float64]:
    """P(X = k) for k = 0 .. n."""
    k = np.arange(n + 1)
    if p >= 1.0 or p <= 0.0:
        return np.asarray(k == (n if p >= 1.0 else 0), np.float64)
    factorials = _log_factorials(n)
    logarithms = factorials[n] - factorials[k] - factorials[n - k]
    probabilities: NDArray[np.float64] = np.exp(logarithms + k * np.log(p) + (n - k) * np.log1p(-p))
    return probabilities


@functools.cache
def _log_factorials(n: int) -> NDArray[np.float64]:
    logarithms: NDArray[np.float64] = np.log(np.arange(1, n + 1))
    return np.concatenate([np.zeros(1), np.cumsum(logarithms)])
