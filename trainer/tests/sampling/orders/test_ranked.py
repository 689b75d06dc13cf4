from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dream_sft.sampling.orders.protocol import StepView
from dream_sft.sampling.orders.ranked import Ranked, counts


def view(masked: np.ndarray, share: float, *, last: bool = False, alg_temp: float = 0) -> StepView:
    ids = np.arange(len(masked), dtype=np.uint64)
    return StepView(masked, ids, 0, np.float32(share), last, 1, alg_temp)


MASKS = arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 12)))


@given(MASKS, st.floats(0, 1), st.booleans(), st.sampled_from([0.0, 0.5]), st.integers(0, 99))
def test_each_row_reveals_its_own_count_of_masked_positions(
    masked: np.ndarray, share: float, last: bool, alg_temp: float, seed: int
) -> None:
    step = view(masked, share, last=last, alg_temp=alg_temp)
    scores = np.random.default_rng(seed).random(masked.shape).astype(np.float32)
    confidence = np.where(masked, scores, -np.inf).astype(np.float32)
    chosen = Ranked().reveal(step, confidence)
    assert not (chosen & ~masked).any()
    assert (chosen.sum(axis=1) == counts(step)).all()
    if last:
        assert (chosen == masked).all()


def test_the_most_confident_go_first_and_ties_go_left() -> None:
    confidence = np.array([[0.1, 0.9, 0.5, 0.5, 0.5]], np.float32)
    chosen = Ranked().reveal(view(np.ones((1, 5), bool), 0.6), confidence)
    assert chosen.tolist() == [[False, True, True, True, False]]


def test_a_row_that_reveals_nothing_asks_for_nothing() -> None:
    masked = np.array([[True] * 10, [True] * 2 + [False] * 8])
    wanted = Ranked().candidates(view(masked, 0.2))
    assert wanted.any(axis=1).tolist() == [True, False]
