from __future__ import annotations

import numpy as np
import pytest

from dream_sft.evaluation.detectable import POWER, power, smallest_detectable
from dream_sft.evaluation.statistics import mcnemar_exact


@pytest.mark.parametrize(("n", "points"), [(50, 16), (200, 7), (500, 4), (1319, 2)])
def test_what_the_usual_sizes_can_show(n: int, points: int) -> None:
    assert 100 * smallest_detectable(n) == pytest.approx(points, abs=0.7)


@pytest.mark.parametrize(("n", "difference", "discordant"), [(50, 0.16, 0.2), (200, 0.07, 0.1)])
def test_power_is_what_simulation_finds(n: int, difference: float, discordant: float) -> None:
    gain, loss = (discordant + difference) / 2, (discordant - difference) / 2
    counts = np.random.default_rng(0).multinomial(n, [gain, loss, 1 - discordant], 5000)
    found = sum(mcnemar_exact(int(g), int(w)) < 0.05 and g > w for g, w, _ in counts) / 5000
    assert power(n, difference, discordant) == pytest.approx(found, abs=0.025)


@pytest.mark.parametrize("n", [6, 50, 200])
def test_it_is_the_smallest(n: int) -> None:
    difference = smallest_detectable(n)
    assert power(n, difference, 0.1) >= POWER > power(n, difference - 0.001, 0.1)


def test_more_questions_show_smaller_differences() -> None:
    sizes = [smallest_detectable(n) for n in (10, 20, 50, 100, 200, 500)]
    assert sizes == sorted(sizes, reverse=True)
    assert smallest_detectable(200, 0.3) > smallest_detectable(200, 0.1)


def test_five_questions_show_nothing() -> None:
    assert smallest_detectable(5) == 1.0
    assert power(5, 1.0, 0.1) == 0.0


@pytest.mark.parametrize(("n", "discordant"), [(0, 0.1), (10, 0.0), (10, 1.1)])
def test_impossible_questions(n: int, discordant: float) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        smallest_detectable(n, discordant)
