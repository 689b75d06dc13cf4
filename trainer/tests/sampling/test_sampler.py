from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.orders import ORDERS
from dream_sft.sampling.sampler import sample
from dream_sft.sampling.trace import history
from tests.model.small import small_dream

MASK, EOS = 39, 38


@pytest.fixture(scope="module")
def model() -> Dream:
    """A small model that never prefers its mask token."""
    return without(small_dream(), MASK)


def without(model: Dream, token: int) -> Dream:
    """Make a token impossible: the last hidden width is a constant that its head row dislikes."""
    with torch.no_grad():
        norm = model.model.norm.weight
        norm.fill_(1.0)
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight[-1] = 0
            layer.mlp.down_proj.weight[-1] = 0
        model.model.embed_tokens.weight[:, -1] = 3.0
        model.lm_head.weight[:, -1] = 0
        model.lm_head.weight[token] = 0
        model.lm_head.weight[token, -1] = -1000.0
    return model


def config(**changes: object) -> SamplingConfig:
    base: dict[str, object] = {"max_new_tokens": 8, "steps": 8, "temperature": 1.0}
    base |= {"stop_at_end": False, "seed": 3, "reveal": "official", "block_length": None}
    base |= {"cache": "none"}
    return SamplingConfig(**{**base, **changes})  # type: ignore[arg-type]


@settings(max_examples=30)
@given(
    order=st.sampled_from(sorted(ORDERS)),
    steps=st.sampled_from([1, 2, 4, 8, 12, 24]),
    block=st.sampled_from([None, 4, 8]),
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4),
)
def test_every_position_is_revealed_once_and_kept(
    model: Dream, order: str, steps: int, block: int | None, lengths: list[int]
) -> None:
    if block == 4 and steps == 1:
        steps = 2
    prompts = [list(range(1, n + 1)) for n in lengths]
    setting = config(order=order, steps=steps, block_length=block)
    answers = sample(model, prompts, range(len(prompts)), setting, trace=True)
    trace = answers.trace
    assert trace is not None
    assert not (answers.tokens == MASK).any()
    places = [(reveal.row, reveal.position) for reveal in trace.reveals]
    assert sorted(places) == [(row, place) for row in range(len(prompts)) for place in range(8)]
    for reveal in trace.reveals:
        assert answers.tokens[reveal.row, reveal.position] == reveal.token
        assert 0 <= reveal.step < answers.steps[reveal.row] <= steps
        assert np.isfinite(reveal.confidence)


@pytest.mark.parametrize("order", sorted(ORDERS))
def test_a_row_does_not_depend_on_its_neighbours_or_its_padding(model: Dream, order: str) -> None:
    prompts = [[5], [1, 2, 3, 4, 5, 6], [7, 8]]
    together = sample(model, prompts, [10, 11, 12], config(order=order))
    alone = [
        sample(model, [p], [i], config(order=order)).tokens[0]
        for p, i in zip(prompts, [10, 11, 12], strict=True)
    ]
    assert np.array_equal(together.tokens, np.stack(alone))


def test_draws_follow_seed_and_sample_id_and_nothing_else(model: Dream) -> None:
    def run(seed: int, sample_id: int) -> list[int]:
        tokens: list[int] = (
            sample(model, [[1, 2]], [sample_id], config(seed=seed)).tokens[0].tolist()
        )
        return tokens

    torch.manual_seed(1)
    first = run(3, 1)
    torch.manual_seed(2)
    assert run(3, 1) == first
    assert run(4, 1) != first
    assert run(3, 2) != first


def test_blocks_are_revealed_left_to_right(model: Dream) -> None:
    answers = sample(model, [[1, 2]], [0], config(block_length=2), trace=True)
    assert answers.trace is not None
    blocks = [reveal.position // 2 for reveal in answers.trace.reveals]
    assert blocks == sorted(blocks)


def test_more_steps_than_positions_cost_no_more_passes(model: Dream) -> None:
    assert sample(model, [[1, 2]], [0], config(steps=200)).forwards <= 8


def answering(token: int) -> Dream:
    """A model that always prefers one token."""
    model = without(small_dream(), MASK)
    with torch.no_grad():
        model.lm_head.weight[token] = 0
        model.lm_head.weight[token, -1] = 1000.0
    return model


def test_a_row_whose_answer_has_ended_stops() -> None:
    model = answering(EOS)
    setting = config(block_length=2, temperature=0.0)
    whole = sample(model, [[1, 2]], [0], setting)
    early = sample(model, [[1, 2]], [0], config(block_length=2, temperature=0.0, stop_at_end=True))
    assert whole.forwards > early.forwards
    assert (early.tokens == EOS).all()
    assert early.steps[0] < whole.steps[0]
    assert early.until_end(0, EOS) == []


def test_a_model_without_an_end_decodes_to_the_last_position() -> None:
    answers = sample(answering(7), [[1]], [0], config(temperature=0.0, stop_at_end=True))
    assert answers.tokens[0].tolist() == [7] * 8
    assert answers.until_end(0, EOS) == [7] * 8


@pytest.mark.parametrize("order", ["origin", "maskgit_plus"])
def test_early_stop_changes_nothing_before_the_end(order: str) -> None:
    """An end token behind a mask must not stop a row: what is before it is still decoded."""
    model = without(small_dream(), MASK)
    with torch.no_grad():
        model.lm_head.weight[EOS, -1] = 1.0  # end tokens often, and anywhere
    prompts, ids = [[n] for n in range(1, 31)], range(30)
    whole = sample(model, prompts, ids, config(order=order), trace=True)
    early = sample(model, prompts, ids, config(order=order, stop_at_end=True))
    assert whole.trace is not None
    assert (early.steps < whole.steps).sum() >= 3  # the case must occur
    answers = [whole.until_end(row, EOS) for row in range(30)]
    assert [early.until_end(row, EOS) for row in range(30)] == answers
    # so must this one: an end token revealed while a position before it was a mask
    assert any(
        (canvas == EOS).any() and (canvas == MASK)[: canvas.tolist().index(EOS)].any()
        for row in range(30)
        for canvas in history(whole.trace.of(row), 8, 8, MASK)
    )


def test_bad_prompts_are_named_at_once(model: Dream) -> None:
    with pytest.raises(ValueError, match=r"prompt 0 is empty; prompt 2 has token 99, outside"):
        sample(model, [[], [1], [99]], [0, 1, 2], config())
    with pytest.raises(ValueError, match="2 prompts but 1 sample ids"):
        sample(model, [[1], [2]], [0], config())


def test_alg_temp_draws_positions_in_proportion(model: Dream) -> None:
    """First revealed position of maskgit_plus against softmax(confidence / alg_temp)."""
    setting = config(
        order="maskgit_plus", temperature=0.0, alg_temp=0.05, steps=8, max_new_tokens=4
    )
    n = 2000
    answers = sample(model, [[1, 2]] * n, range(n), setting, trace=True)
    once = config(order="maskgit_plus", temperature=0.0, steps=1, max_new_tokens=4)
    sharp = sample(model, [[1, 2]], [0], once, trace=True)
    assert answers.trace is not None and sharp.trace is not None
    confidence = np.array(
        [r.confidence for r in sorted(sharp.trace.reveals, key=lambda r: r.position)]
    )
    expected = np.exp(confidence / 0.05) / np.exp(confidence / 0.05).sum() * n
    first: dict[int, int] = {}
    for reveal in answers.trace.reveals:
        first.setdefault(reveal.row, reveal.position)
    counts = np.bincount(list(first.values()), minlength=4)
    assert expected.min() > 5
    # chi-square with 3 degrees of freedom passes 16.3 with probability 1e-3
    assert ((counts - expected) ** 2 / expected).sum() < 16.3
