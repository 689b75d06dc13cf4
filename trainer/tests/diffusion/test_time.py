from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.diffusion.noise import Purpose, bits64
from dream_sft.diffusion.time import T_MIN, low_discrepancy_times, times, uniform_times


@given(seed=st.integers(0, 2**64 - 1), epoch=st.integers(0, 1000), start=st.integers(0, 10**9))
def test_both_rules_stay_in_their_interval(seed: int, epoch: int, start: int) -> None:
    places = np.arange(start, start + 50)
    for t in (uniform_times(seed, places, epoch), low_discrepancy_times(seed, places, epoch)):
        assert (t >= T_MIN).all() and (t < 1).all()


def test_low_discrepancy_is_the_golden_sequence() -> None:
    getcontext().prec = 50
    golden = (Decimal(5).sqrt() - 1) / 2
    offset = Decimal(int(bits64(9, 0, 2, Purpose.TIME, 1))) / 2**64
    for place in (0, 1, 2, 1000, 123_456):
        exact = (offset + place * golden) % 1
        got = (Decimal(float(low_discrepancy_times(9, place, 2))) - Decimal("0.001")) / Decimal(
            "0.999"
        )
        assert abs(got - exact) < Decimal("1e-12")


@given(seed=st.integers(0, 2**64 - 1), start=st.integers(0, 10**6), size=st.integers(8, 200))
def test_any_run_of_places_covers_the_interval(seed: int, start: int, size: int) -> None:
    t = np.sort(low_discrepancy_times(seed, np.arange(start, start + size), 0))
    gaps = np.diff(np.concatenate(([t[-1] - (1 - T_MIN)], t)))
    # three-gap theorem: no gap of the golden sequence passes phi^2 / n < 2.62 / n
    assert gaps.max() * size < 2.62


def test_uniform_draws_per_sample_and_epoch() -> None:
    a, b = uniform_times(1, [5, 6], 0)
    assert a != b
    assert uniform_times(1, 6, 0) == b
    assert uniform_times(1, 6, 1) != b


def test_a_rule_is_chosen_by_name() -> None:
    assert times("uniform", 1, [7], [0], 3)[0] == uniform_times(1, 7, 3)
    assert times("low_discrepancy", 1, [7], [4], 3)[0] == low_discrepancy_times(1, 4, 3)
    with pytest.raises(ValueError, match="unknown t rule"):
        times("cosine", 1, [7], [0], 3)  # type: ignore[arg-type]
