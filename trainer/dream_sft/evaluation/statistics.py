"""Intervals and tests for scores on one set of questions.

Sources: Wilson 1927 (score interval); McNemar 1947 in its exact binomial form; Newcombe 1998,
"Improved confidence intervals for the difference between binomial proportions based on paired
data", method 10 (square-and-add, with the correlation of the pairs); Efron 1979 (percentile
bootstrap, here of pairs); Holm 1979, "A simple sequentially rejective multiple test procedure".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

Z_95 = 1.959963984540054  # the 0.975 quantile of the normal distribution
Interval = tuple[float, float]


def wilson(correct: int, n: int, z: float = Z_95) -> Interval:
    """Wilson score interval of a proportion, within [0, 1]; (0, 1) when nothing was asked.

    Raises ValueError unless 0 <= correct <= n.
    """
    if not 0 <= correct <= n:
        raise ValueError(f"{correct} correct of {n} cannot be")
    if n == 0:
        return 0.0, 1.0
    p = correct / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At the ends the formula is exactly 0 or 1; rounding must not say otherwise.
    low = 0.0 if correct == 0 else max(0.0, centre - half)
    high = 1.0 if correct == n else min(1.0, centre + half)
    return low, high


def mcnemar_exact(fixed: int, worse: int) -> float:
    """Two-sided p that as many changes in one direction are chance: 2 P(X <= min), X ~ B(n, 1/2).

    `fixed` and `worse` count questions wrong before and right after, and the reverse.
    """
    if fixed < 0 or worse < 0:
        raise ValueError(f"counts cannot be negative: {fixed}, {worse}")
    n = fixed + worse
    tail = sum(math.comb(n, k) for k in range(min(fixed, worse) + 1))
    # A ratio of whole numbers: 2^n itself is too large for a float from n = 1024 on.
    return min(1.0, float(Fraction(2 * tail, 2**n)))


@dataclass(frozen=True)
class Paired:
    """After minus before on the same questions, as shares, with a 95 % interval (Newcombe)."""

    both: int
    fixed: int
    worse: int
    neither: int
    difference: float
    interval: Interval
    p: float  # exact McNemar

    @property
    def n(self) -> int:
        """Questions."""
        return self.both + self.fixed + self.worse + self.neither


def paired_difference(before: Sequence[bool], after: Sequence[bool]) -> Paired:
    """Compare answer by answer. Raises ValueError on unequal or no questions."""
    if len(before) != len(after) or not before:
        raise ValueError(f"{len(before)} answers before and {len(after)} after cannot be paired")
    pairs = list(zip(before, after, strict=True))
    both, fixed = pairs.count((True, True)), pairs.count((False, True))
    worse, neither = pairs.count((True, False)), pairs.count((False, False))
    n = len(pairs)
    interval = _newcombe(both, fixed, worse, neither)
    return Paired(
        both, fixed, worse, neither, (fixed - worse) / n, interval, mcnemar_exact(fixed, worse)
    )


def bootstrap(paired: Paired, resamples: int, seed: int) -> Interval:
    """95 % percentile interval of the difference over resampled pairs.

    Drawing n of n questions with their pair of grades is a multinomial draw of the four kinds of
    pairs, so that no list of questions is needed. With fewer than about ten changed answers it is
    too narrow (none changed: no width at all); Newcombe's interval is not.
    Raises ValueError for fewer than 1000 resamples.
    """
    if resamples < 1000:
        raise ValueError(f"{resamples} resamples are too few for 95 %; take 1000 or more")
    shares = np.array([paired.both, paired.fixed, paired.worse, paired.neither]) / paired.n
    drawn = np.random.default_rng(seed).multinomial(paired.n, shares, size=resamples)
    differences = (drawn[:, 1] - drawn[:, 2]) / paired.n
    low, high = np.quantile(differences, [0.025, 0.975])
    return float(low), float(high)


def holm(values: Sequence[float]) -> list[float]:
    """p-values adjusted for asking several questions at once, in the order given."""
    count, highest = len(values), 0.0
    adjusted = [0.0] * count
    for rank, place in enumerate(sorted(range(count), key=lambda i: values[i])):
        highest = max(highest, min(1.0, (count - rank) * values[place]))
        adjusted[place] = highest
    return adjusted


@dataclass(frozen=True)
class Flips:
    """The same model, asked twice (another batch size): what of a difference is the machine's."""

    n: int
    graded: float  # share of questions graded otherwise
    text: float  # share of questions answered otherwise


def flip_rate(first: Sequence[tuple[bool, str]], second: Sequence[tuple[bool, str]]) -> Flips:
    """Of pairs (correct, answer), question by question. Raises ValueError on unequal or none."""
    if len(first) != len(second) or not first:
        raise ValueError(f"{len(first)} and {len(second)} answers cannot be paired")
    pairs, n = list(zip(first, second, strict=True)), len(first)
    return Flips(
        n, sum(a[0] != b[0] for a, b in pairs) / n, sum(a[1] != b[1] for a, b in pairs) / n
    )


def _newcombe(both: int, fixed: int, worse: int, neither: int) -> Interval:
    n = both + fixed + worse + neither
    after, before = (both + fixed) / n, (both + worse) / n
    low_after, high_after = wilson(both + fixed, n)
    low_before, high_before = wilson(both + worse, n)
    phi = _phi(both, fixed, worse, neither)
    difference = after - before

    def half(a: float, b: float) -> float:
        return math.sqrt(max(0.0, a * a - 2 * phi * a * b + b * b))

    low = difference - half(after - low_after, high_before - before)
    high = difference + half(high_after - after, before - low_before)
    return max(-1.0, low), min(1.0, high)


def _phi(both: int, fixed: int, worse: int, neither: int) -> float:
    """Correlation of the pairs with Newcombe's continuity correction; 0 when a margin is empty."""
    n = both + fixed + worse + neither
    margins = (both + fixed) * (worse + neither) * (both + worse) * (fixed + neither)
    if margins == 0:
        return 0.0
    cross: float = both * neither - fixed * worse
    if cross > 0:
        cross = max(0.0, cross - n / 2)
    return cross / math.sqrt(margins)
