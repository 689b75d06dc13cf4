"""Intervals and tests, against scipy and against published examples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dream_sft.evaluation.statistics import (
    Paired,
    bootstrap,
    flip_rate,
    holm,
    mcnemar_exact,
    paired_difference,
    wilson,
)


@pytest.mark.parametrize("n", [1, 2, 7, 50, 200, 1319])
def test_wilson_is_scipys(n: int) -> None:
    for correct in {0, 1, n // 3, n // 2, n - 1, n}:
        ours = wilson(correct, n)
        theirs = stats.binomtest(correct, n).proportion_ci(0.95, method="wilson")
        assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_ends_are_exact() -> None:
    assert wilson(0, 200)[0] == 0.0
    assert wilson(200, 200)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("correct", "n"), [(-1, 5), (6, 5)])
def test_impossible_counts(correct: int, n: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        wilson(correct, n)


@pytest.mark.parametrize(("fixed", "worse"), [(0, 0), (1, 0), (5, 5), (12, 3), (3, 12), (180, 2)])
def test_mcnemar_is_the_binomial_test(fixed: int, worse: int) -> None:
    n = fixed + worse
    expected = stats.binomtest(fixed, n, 0.5).pvalue if n else 1.0
    assert mcnemar_exact(fixed, worse) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_many_changes_does_not_overflow() -> None:
    assert 0.0 <= mcnemar_exact(3000, 0) < 1e-300


def test_paired_counts() -> None:
    before = [True, True, False, False, False]
    after = [True, False, True, True, False]
    found = paired_difference(before, after)
    assert (found.both, found.fixed, found.worse, found.neither) == (1, 2, 1, 1)
    assert found.difference == pytest.approx(0.2)
    assert found.interval[0] < 0.2 < found.interval[1]
    assert found.p == pytest.approx(1.0)


def test_swapping_before_and_after_mirrors_the_interval() -> None:
    before = [True] * 36 + [False] * 12 + [True] * 2
    after = [True] * 36 + [True] * 12 + [False] * 2
    low, high = paired_difference(before, after).interval
    mirrored = paired_difference(after, before).interval
    assert mirrored == pytest.approx((-high, -low))


def test_without_pairing_it_is_the_square_and_add_of_two_wilson_intervals() -> None:
    # Nobody was right before, so there is no correlation to use.
    low_after, high_after = wilson(30, 100)
    _, high_before = wilson(0, 100)
    low, high = paired_difference([False] * 100, [True] * 30 + [False] * 70).interval
    assert low == pytest.approx(0.3 - ((0.3 - low_after) ** 2 + high_before**2) ** 0.5)
    assert high == pytest.approx(high_after)


def test_the_paired_interval_covers_the_truth_as_often_as_it_says() -> None:
    draw = np.random.default_rng(0)
    shares = [0.35, 0.25, 0.10, 0.30]  # both, fixed, worse, neither: truth 0.15
    hits = 0
    for counts in draw.multinomial(60, shares, size=1000).tolist():
        outcomes = [(True, True), (False, True), (True, False), (False, False)]
        pairs = [o for o, n in zip(outcomes, counts, strict=True) for _ in range(n)]
        low, high = paired_difference([b for b, _ in pairs], [a for _, a in pairs]).interval
        hits += low <= 0.15 <= high
    assert 930 <= hits <= 985


def test_no_change_and_all_change() -> None:
    assert paired_difference([True] * 4, [True] * 4).difference == 0.0
    swing = paired_difference([False] * 50, [True] * 50)
    assert swing.difference == 1.0
    assert swing.interval[1] == 1.0
    assert swing.interval[0] > 0.85


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_difference([True], [])


SHARES = [(0.7, 0.06, 0.04, 0.2), (0.3, 0.2, 0.1, 0.4), (0.05, 0.1, 0.1, 0.75)]


def drawn(shares: tuple[float, ...], n: int, times: int) -> list[Paired]:
    """Evaluations of `n` questions whose true shares of both, fixed, worse, neither are given."""
    found = []
    for both, fixed, worse, neither in np.random.default_rng(5).multinomial(n, shares, times):
        before = [True] * (both + worse) + [False] * (fixed + neither)
        after = [True] * both + [False] * worse + [True] * fixed + [False] * neither
        found.append(paired_difference(before, after))
    return found


@pytest.mark.parametrize("shares", SHARES)
def test_intervals_of_the_difference_cover_the_truth(shares: tuple[float, ...]) -> None:
    truth, times = shares[1] - shares[2], 800
    evaluations = drawn(shares, 200, times)
    resampled = [bootstrap(found, 1000, seed) for seed, found in enumerate(evaluations)]
    squared = [found.interval for found in evaluations]
    for intervals, least, most in ((resampled, 0.92, 0.98), (squared, 0.93, 0.99)):
        assert least < sum(low <= truth <= high for low, high in intervals) / times < most


@pytest.mark.parametrize("n", [50, 200])
def test_wilson_covers_the_truth(n: int) -> None:
    """Exactly, by summing over all outcomes: near 95 % on average, nowhere far below."""
    covered = []
    for truth in np.linspace(0.02, 0.98, 97):
        counts = np.arange(n + 1)
        inside = [low <= truth <= high for low, high in (wilson(int(k), n) for k in counts)]
        covered.append(float(stats.binom.pmf(counts, n, truth)[inside].sum()))
    assert min(covered) > 0.85
    assert 0.94 < float(np.mean(covered)) < 0.965


def test_mcnemar_rejects_no_more_often_than_it_says() -> None:
    p = [found.p for found in drawn((0.6, 0.1, 0.1, 0.2), 200, 2000)]
    assert sum(value < 0.05 for value in p) / 2000 <= 0.055


def test_bootstrap_is_scipys_on_the_pairs_themselves() -> None:
    rng = np.random.default_rng(1)
    before = rng.random(300) < 0.6
    after = before ^ (rng.random(300) < 0.2)
    ours = bootstrap(paired_difference(before.tolist(), after.tolist()), 20000, 0)
    theirs = stats.bootstrap(
        (before.astype(float), after.astype(float)),
        lambda b, a, axis: a.mean(axis=axis) - b.mean(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=20000,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_bootstrap_depends_on_its_seed_only() -> None:
    found = paired_difference([True, False] * 50, [True, True] * 50)
    assert bootstrap(found, 1000, 3) == bootstrap(found, 1000, 3)
    with pytest.raises(ValueError, match="too few"):
        bootstrap(found, 10, 3)


@pytest.mark.parametrize(
    ("values", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.2], [0.2]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([], []),
        ([0.02, 0.02], [0.04, 0.04]),
    ],
)
def test_holm(values: list[float], adjusted: list[float]) -> None:
    """By hand: 4 × .005, 3 × .01, 2 × .03, and never less than the one before."""
    assert holm(values) == pytest.approx(adjusted)


def test_holm_keeps_the_rate_of_any_false_alarm() -> None:
    values = np.random.default_rng(0).random((4000, 5))
    alarms = sum(min(holm(row.tolist())) < 0.05 for row in values)
    assert alarms / 4000 < 0.06


def test_flips() -> None:
    found = flip_rate(
        [(True, "1"), (False, "2"), (True, "3")], [(True, "1."), (True, "2"), (True, "3")]
    )
    assert (found.n, found.graded, found.text) == (3, 1 / 3, 1 / 3)
    with pytest.raises(ValueError, match="cannot be paired"):
        flip_rate([], [])
