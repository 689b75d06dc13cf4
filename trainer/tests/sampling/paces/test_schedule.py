from __future__ import annotations

import numpy as np
import pytest

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.paces import pace_of


def whole(canvas: int, steps: int) -> SamplingConfig:
    return SamplingConfig(max_new_tokens=canvas, steps=steps, block_length=None, cache="none")


@pytest.mark.parametrize(("canvas", "steps"), [(16, 16), (24, 512), (256, 64)])
def test_the_official_grid(canvas: int, steps: int) -> None:
    pace = pace_of(whole(canvas, steps))
    grid = [1 - (1 - 1e-3) * i / steps for i in range(steps + 1)]
    assert pace.limit == steps
    for i in range(steps):
        paced = pace.at(np.array([i]), np.array([canvas]))
        assert paced.shares[0] == pytest.approx(1 - grid[i + 1] / grid[i], abs=2e-6, rel=1e-3)
        assert paced.last[0] == (i == steps - 1)
        if paced.last[0]:
            assert paced.counts[0] == canvas
        else:
            assert paced.counts[0] == int(np.float32(canvas) * paced.shares[0])


def test_blocks_share_the_steps_and_begin_the_grid_again() -> None:
    blocks = pace_of(SamplingConfig(max_new_tokens=12, steps=6, block_length=4))
    one = pace_of(whole(4, 2))
    assert blocks.limit == one.limit == 2
    steps, masked = np.array([0, 1]), np.array([4, 3])
    assert np.array_equal(blocks.at(steps, masked).shares, one.at(steps, masked).shares)


def test_rows_at_different_steps_are_paced_apart() -> None:
    paced = pace_of(whole(8, 4)).at(np.array([0, 3, 1]), np.array([8, 5, 6]))
    assert paced.last.tolist() == [False, True, False]
    assert paced.counts[1] == 5
