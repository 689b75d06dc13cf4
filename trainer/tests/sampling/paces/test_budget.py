from __future__ import annotations

import numpy as np
import pytest

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.paces import pace_of


@pytest.mark.parametrize(("tokens", "limit"), [(None, 8), (1, 8), (3, 3), (8, 1), (9, 1)])
def test_so_many_tokens_a_step(tokens: int | None, limit: int) -> None:
    pace = pace_of(SamplingConfig(max_new_tokens=16, block_length=8, tokens_per_step=tokens))
    assert pace.limit == limit
    left, step = np.array([8]), 0
    while left[0]:
        count = pace.at(np.array([step]), left).counts
        assert count[0] == min(tokens or 1, left[0])
        left, step = left - count, step + 1
    assert step == limit


def test_a_threshold_always_reveals_one_and_ends() -> None:
    settings = SamplingConfig(
        max_new_tokens=8, block_length=4, threshold=0.9, order="maskgit_plus", reveal="confidence"
    )
    pace = pace_of(settings)
    assert pace.limit == 4
    assert pace.at(np.array([0, 1]), np.array([4, 0])).counts.tolist() == [1, 0]
