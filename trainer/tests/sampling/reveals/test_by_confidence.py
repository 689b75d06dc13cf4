from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dream_sft.sampling.reveals import REVEALS
from dream_sft.sampling.step_view import StepView


def view(
    masked: np.ndarray,
    counts: list[int],
    *,
    alg_temp: float = 0.0,
    threshold: float | None = None,
) -> StepView:
    rows = len(masked)
    return StepView(
        masked=masked,
        counts=np.minimum(np.array(counts), masked.sum(axis=1)),
        sample_ids=np.arange(rows, dtype=np.uint64),
        numbers=np.arange(rows) % 3,
        shares=np.ones(rows, np.float32),
        last=np.zeros(rows, bool),
        seed=1,
        alg_temp=alg_temp,
        threshold=threshold,
    )


@given(
    arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 12))),
    st.lists(st.integers(0, 12), min_size=4, max_size=4),
    st.sampled_from(sorted(REVEALS)),
    st.sampled_from([0.0, 0.5]),
    st.integers(0, 99),
)
def test_each_row_reveals_its_own_count_of_masked_positions(
    masked: np.ndarray, counts: list[int], name: str, alg_temp: float, seed: int
) -> None:
    step = view(masked, counts[: len(masked)], alg_temp=alg_temp)
    reveal = REVEALS[name]
    scores = np.random.default_rng(seed).random(masked.shape).astype(np.float32)
    wanted = reveal.candidates(step)
    chosen = reveal.choose(step, np.where(wanted, scores, -np.inf).astype(np.float32))
    assert not (chosen & ~wanted).any() and not (wanted & ~masked).any()
    assert (chosen.sum(axis=1) == step.counts).all()


def test_the_most_confident_go_first_and_ties_go_left() -> None:
    confidence = np.array([[0.1, 0.9, 0.5, 0.5, 0.5]], np.float32)
    chosen = REVEALS["official"].choose(view(np.ones((1, 5), bool), [3]), confidence)
    assert chosen.tolist() == [[False, True, True, True, False]]


def test_left_to_right_asks_for_nothing_else() -> None:
    masked = np.array([[False, True, True, False, True], [True] * 5])
    wanted = REVEALS["left_to_right"].candidates(view(masked, [2, 0]))
    assert wanted.tolist() == [[False, True, True, False, False], [False] * 5]


def test_a_threshold_takes_all_that_reach_it_and_one_at_least() -> None:
    confidence = np.array([[0.95, 0.2, 0.9, 0.3], [0.1, 0.4, 0.2, 0.3]], np.float32)
    step = view(np.ones((2, 4), bool), [1, 1], threshold=0.9)
    chosen = REVEALS["confidence"].choose(step, confidence)
    assert chosen.tolist() == [[True, False, True, False], [False, True, False, False]]


def test_draws_of_a_row_do_not_depend_on_the_others() -> None:
    masked = np.ones((3, 6), bool)
    confidence = np.random.default_rng(0).random((3, 6)).astype(np.float32)
    reveal = REVEALS["official"]
    together = reveal.choose(view(masked, [2, 2, 2], alg_temp=0.5), confidence)
    other = np.array([[0.0] * 6, confidence[1], [1.0] * 6], np.float32)
    assert (reveal.choose(view(masked, [2, 2, 2], alg_temp=0.5), other)[1] == together[1]).all()
