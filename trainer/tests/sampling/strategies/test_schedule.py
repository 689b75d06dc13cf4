from __future__ import annotations

import pytest

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.strategies import steps_of


@pytest.mark.parametrize(("canvas", "steps"), [(16, 16), (24, 512), (256, 64)])
def test_the_official_grid(canvas: int, steps: int) -> None:
    plan = steps_of(SamplingConfig(max_new_tokens=canvas, steps=steps))
    grid = [1 - (1 - 1e-3) * i / steps for i in range(steps + 1)]
    assert [(s.start, s.end) for s in plan] == [(0, canvas)] * steps
    assert [s.last for s in plan] == [False] * (steps - 1) + [True]
    for i, step in enumerate(plan):
        assert step.share == pytest.approx(1 - grid[i + 1] / grid[i], abs=2e-6, rel=1e-3)


def test_blocks_are_the_official_grid_window_by_window() -> None:
    plan = steps_of(SamplingConfig(max_new_tokens=12, steps=6, block_length=4))
    one = steps_of(SamplingConfig(max_new_tokens=4, steps=2))
    assert [(s.start, s.end) for s in plan] == [(0, 4)] * 2 + [(4, 8)] * 2 + [(8, 12)] * 2
    assert [(s.share, s.last) for s in plan] == [(s.share, s.last) for s in one] * 3


def test_one_block_of_the_whole_canvas_is_the_canvas() -> None:
    assert steps_of(SamplingConfig(max_new_tokens=8, steps=4, block_length=8)) == steps_of(
        SamplingConfig(max_new_tokens=8, steps=4)
    )
