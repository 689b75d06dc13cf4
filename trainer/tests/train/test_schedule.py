from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.train.schedule import Schedule, total_steps

TRAINING: dict[str, Any] = {
    "learningRate": 2.0,
    "warmup": 0.1,
    "warmupStepsAtLeast": 0,
    "finalLearningRate": 0.25,
    "documentsPerStep": 8,
}


def test_warms_up_to_the_peak_and_ends_at_the_final_share() -> None:
    schedule = Schedule.of(TRAINING, 100)
    assert schedule.at(1) == pytest.approx(0.2)
    assert schedule.at(10) == 2.0
    assert schedule.at(55) == pytest.approx(0.5 + 1.5 / 2)  # half-way down the cosine
    assert schedule.at(100) == pytest.approx(0.5)


def test_warmup_has_at_least_the_steps_asked_for() -> None:
    assert Schedule.of({**TRAINING, "warmupStepsAtLeast": 30}, 100).warmup == 30
    assert Schedule.of({**TRAINING, "warmupStepsAtLeast": 30}, 20).warmup == 20


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0, 1), st.integers(0, 50))
def test_never_leaves_its_bounds_and_never_rises_after_the_warmup(
    total: int, warmup: float, final: float, least: int
) -> None:
    changes = {"warmup": warmup, "finalLearningRate": final, "warmupStepsAtLeast": least}
    schedule = Schedule.of({**TRAINING, **changes}, total)
    rates = [schedule.at(step) for step in range(1, total + 1)]
    assert all(0 < rate <= 2.0 + 1e-12 for rate in rates[: schedule.warmup])
    falling = rates[max(schedule.warmup - 1, 0) :]
    assert all(late <= early + 1e-12 for early, late in pairwise(falling))


def test_steps_are_given_or_come_from_epochs() -> None:
    assert total_steps({"steps": 7, "documentsPerStep": 8}, 100) == 7
    assert total_steps({"epochs": 2, "documentsPerStep": 8}, 100) == 25
    assert total_steps({"epochs": 0.001, "documentsPerStep": 8}, 100) == 1
