"""`origin` against its definition, in distribution.

Reference from first principles, with none of the sampler's code: a position is still masked
after step i with probability s_i (product of s/t), so its reveal step has probability
s_(i-1) - s_i, independently for every position; a token revealed at the first step that reveals
anything is drawn from the softmax of the model's logits on the all-mask canvas.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats

from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.sampler import sample
from dream_sft.sampling.trace import Reveal
from tests.model.small import small_dream

RUNS, CANVAS, STEPS, EPS, PROMPT = 4000, 6, 5, 1e-3, [3, 1, 4]
MASK = 39


@cache
def model() -> Dream:
    return small_dream(spread=0.2)


@cache
def reveals() -> tuple[Reveal, ...]:
    config = SamplingConfig(
        order="origin", reveal="official", block_length=None, cache="none", max_new_tokens=CANVAS,
        steps=STEPS, temperature=1.0, eps=EPS, stop_at_end=False, seed=2024,
    )  # fmt: skip
    trace = sample(model(), [PROMPT] * RUNS, range(RUNS), config, trace=True).trace
    assert trace is not None
    return tuple(trace.reveals)


def first_reveals() -> list[Reveal]:
    """The first reveal of every position: a drawn mask token is drawn again later."""
    seen: dict[tuple[int, int], Reveal] = {}
    for reveal in reveals():
        seen.setdefault((reveal.row, reveal.position), reveal)
    return list(seen.values())


def step_probabilities() -> NDArray[np.float64]:
    grid = [1 - (1 - EPS) * i / STEPS for i in range(STEPS + 1)]
    left, probabilities = 1.0, []
    for i in range(STEPS):
        go = 1.0 if i == STEPS - 1 else 1 - grid[i + 1] / grid[i]
        probabilities.append(left * go)
        left *= 1 - go
    return np.array(probabilities)


def p_value(observed: NDArray[np.int64], expected: NDArray[np.float64]) -> float:
    """Chi-square with cells of fewer than 5 expected joined."""
    small = expected < 5
    if small.any():
        observed = np.append(observed[~small], observed[small].sum())
        expected = np.append(expected[~small], expected[small].sum())
    return float(stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue)


@pytest.mark.parametrize("position", range(CANVAS))
def test_reveal_steps_of_a_position(position: int) -> None:
    steps = [r.step for r in first_reveals() if r.position == position]
    assert len(steps) == RUNS
    counts = np.bincount(steps, minlength=STEPS)
    assert p_value(counts, step_probabilities() * RUNS) > 0.001


def test_reveal_counts_of_every_step() -> None:
    table = np.zeros((RUNS, STEPS), np.int64)
    for reveal in first_reveals():
        table[reveal.row, reveal.step] += 1
    for step, probability in enumerate(step_probabilities()):
        counts = np.bincount(table[:, step], minlength=CANVAS + 1)
        binomial = stats.binom.pmf(np.arange(CANVAS + 1), CANVAS, probability) * RUNS
        assert p_value(counts, binomial) > 0.001, step


@pytest.mark.parametrize("position", range(CANVAS))
def test_tokens_of_the_first_step(position: int) -> None:
    with torch.no_grad():
        logits = model()(torch.tensor([[*PROMPT, *[MASK] * CANVAS]]))[0, len(PROMPT) + position - 1]
    probabilities = logits.double().softmax(-1).numpy()
    tokens = [r.token for r in reveals() if r.position == position and r.step == 0]
    counts = np.bincount(tokens, minlength=len(probabilities))
    assert counts.sum() > RUNS / STEPS * 0.8
    assert p_value(counts, probabilities * counts.sum()) > 0.001


def test_tokens_of_the_second_step_follow_what_was_revealed() -> None:
    """Rows in which exactly the last position went first, conditioned on its token."""
    first: dict[int, list[Reveal]] = {}
    for reveal in reveals():
        if reveal.step == 0:
            first.setdefault(reveal.row, []).append(reveal)
    known = {row: found[0] for row, found in first.items()
             if len(found) == 1 and found[0].position == CANVAS - 1}  # fmt: skip
    observed, expected = np.zeros(40, np.int64), np.zeros(40)
    for reveal in reveals():
        if reveal.step == 1 and reveal.position == 0 and reveal.row in known:
            canvas = [*[MASK] * (CANVAS - 1), known[reveal.row].token]
            with torch.no_grad():
                logits = model()(torch.tensor([[*PROMPT, *canvas]]))[0, len(PROMPT) - 1]
            observed[reveal.token] += 1
            expected += logits.double().softmax(-1).numpy()
    assert observed.sum() > 50
    assert p_value(observed, expected) > 0.001
