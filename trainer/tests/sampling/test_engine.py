from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.engine import Request, Sampler
from dream_sft.sampling.policies import POLICIES
from dream_sft.sampling.requests import Decoded
from dream_sft.sampling.trace import Reveal
from tests.model.small import small_dream
from tests.sampling.test_sampler import EOS, MASK, answering, without

CANVAS, BLOCK = 12, 4


@pytest.fixture(scope="module")
def model() -> Dream:
    """Ends now and then, anywhere, and never prefers its mask token."""
    model = without(small_dream(), MASK)
    with torch.no_grad():
        model.lm_head.weight[EOS, -1] = 0.8
    return model


def config(**changes: Any) -> SamplingConfig:
    base: dict[str, Any] = {"max_new_tokens": CANVAS, "block_length": BLOCK, "temperature": 1.0}
    base |= {"reveal": "official", "tokens_per_step": 1, "seed": 3}
    return SamplingConfig(**{**base, **changes})


def request(number: int) -> Request:
    """Prompts of one to seven tokens."""
    draw = np.random.default_rng(number)
    return Request(draw.integers(0, 38, 1 + number % 7).tolist(), 1000 + number)


def decoded(
    model: Dream, numbers: list[int], settings: SamplingConfig, slots: int, **options: Any
) -> dict[int, Decoded]:
    sampler = Sampler(model, settings, slots=slots, **options)
    answers = list(sampler.decode([request(n) for n in numbers]))
    assert sorted(a.index for a in answers) == list(range(len(numbers)))
    return {numbers[a.index]: a for a in answers}


SETTINGS = st.sampled_from(
    [
        config(cache=cache, **changes)
        for cache in sorted(POLICIES)
        for changes in (
            {},
            {"tokens_per_step": 3},
            {"reveal": "left_to_right"},
            {"tokens_per_step": None, "steps": 9, "alg_temp": 0.5, "order": "maskgit_plus"},
            {"tokens_per_step": None, "steps": 9, "order": "origin"},
            {"tokens_per_step": None, "threshold": 0.2, "order": "maskgit_plus"},
            {"tokens_per_step": None, "steps": 9, "remask": 0.5},
        )
    ]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    settings=SETTINGS,
    order=st.permutations(range(9)),
    count=st.integers(1, 9),
    slots=st.integers(1, 5),
)
def test_a_row_does_not_depend_on_neighbours_slot_or_order(
    model: Dream, settings: SamplingConfig, order: list[int], count: int, slots: int
) -> None:
    straight = decoded(model, list(range(9)), settings, slots)
    other = decoded(model, order[:count], settings, slots)
    for number, answer in other.items():
        assert np.array_equal(answer.tokens, straight[number].tokens)
        assert (answer.steps, answer.passes) == (straight[number].steps, straight[number].passes)


@pytest.mark.parametrize("cache", sorted(POLICIES))
def test_another_number_of_slots_gives_the_same_tokens(model: Dream, cache: str) -> None:
    one = decoded(model, list(range(12)), config(cache=cache), 1)
    for slots in (3, 8):
        many = decoded(model, list(range(12)), config(cache=cache), slots)
        assert all(np.array_equal(one[n].tokens, many[n].tokens) for n in one)


@settings(max_examples=20, deadline=None)
@given(
    changes=st.sampled_from(
        [
            {},
            {"temperature": 0.0},
            {"block_length": None},
            {"tokens_per_step": 3, "top_p": 0.9},
            {"tokens_per_step": None, "steps": 9},
        ]
    ),
    order=st.sampled_from(["entropy", "maskgit_plus", "topk_margin"]),
)
def test_every_step_is_the_uncached_sampler(
    model: Dream, changes: dict[str, Any], order: str
) -> None:
    numbers = list(range(6))
    exact = decoded(model, numbers, config(cache="none", order=order, **changes), 4)
    kept = decoded(model, numbers, config(cache="every_step", order=order, **changes), 4)
    assert all(np.array_equal(exact[n].tokens, kept[n].tokens) for n in numbers)
    assert all(exact[n].steps == kept[n].steps for n in numbers)


@pytest.mark.parametrize(
    ("cache", "counts"),
    [
        # 3 blocks of 4 steps; the first step of a block that is refreshed is its full pass.
        ("none", {"full": 12, "window": 0, "commit": 0}),
        ("every_step", {"full": 12, "window": 12, "commit": 0}),
        ("per_block", {"full": 3, "window": 9, "commit": 0}),
        ("commit_pass", {"full": 1, "window": 11, "commit": 2}),
    ],
)
def test_passes_of_a_policy(model: Dream, cache: str, counts: dict[str, int]) -> None:
    settings = config(cache=cache, stop_at_end=False)
    sampler = Sampler(model, settings, slots=2, context=32)
    answers = list(sampler.decode([request(1), request(2)]))
    assert sampler.passes == counts
    extra = counts["commit"]
    assert [(a.steps, a.passes) for a in answers] == [(12, 12 + extra)] * 2


@pytest.mark.parametrize("cache", ["per_block", "commit_pass"])
def test_one_block_of_one_step_needs_no_cache(model: Dream, cache: str) -> None:
    """Everything at once from the full pass: equal to the uncached sampler."""
    once = {"block_length": CANVAS, "tokens_per_step": CANVAS}
    exact = decoded(model, [1, 2, 3], config(cache="none", **once), 2)
    kept = decoded(model, [1, 2, 3], config(cache=cache, **once), 2)
    assert all(np.array_equal(exact[n].tokens, kept[n].tokens) for n in exact)


def test_an_ended_row_frees_its_slot() -> None:
    settings = config(temperature=0.0, cache="per_block", tokens_per_step=None, steps=12)
    sampler = Sampler(answering(EOS), settings, slots=2, context=32)
    answers = list(sampler.decode([request(n) for n in range(6)]))
    assert all((a.tokens == EOS).all() and a.first_end == 0 and a.kept() == [] for a in answers)
    assert all(a.steps < 12 for a in answers)
    # three waves of two rows, none beyond its first block
    assert sampler.passes["full"] == 6 // min(2, 1024 // 32)


def test_the_end_of_a_turn_ends_an_answer_in_the_published_vocabulary() -> None:
    from dream_sft.model.config import DreamConfig
    from dream_sft.sampling.requests import end_tokens, first_end

    tiny = small_dream().config
    assert end_tokens(tiny) == {EOS}
    raw = {**tiny.to_dict(), "vocab_size": 152064, "mask_token_id": 151666}
    published = DreamConfig.from_dict({**raw, "eos_token_id": 151643, "pad_token_id": 151643})
    assert end_tokens(published) == {151643, 151645}
    assert first_end(np.array([5, 151645, 151643]), end_tokens(published)) == 1
    assert first_end(np.array([5, 6]), end_tokens(published)) is None


def test_left_to_right_reveals_in_order_and_says_so_as_it_goes(model: Dream) -> None:
    seen: list[Reveal] = []
    settings = config(reveal="left_to_right", tokens_per_step=2, stop_at_end=False)
    sampler = Sampler(model, settings, slots=2)
    answers = list(
        sampler.decode([request(7), request(14)], trace=True, watch=lambda made: seen.extend(made))
    )
    for answer in answers:
        assert answer.reveals is not None
        assert [r.position for r in answer.reveals] == list(range(CANVAS))
        assert [r.step for r in answer.reveals] == [n // 2 for n in range(CANVAS)]
        assert [r.token for r in answer.reveals] == answer.tokens.tolist()
        assert [r for r in seen if r.row == answer.index] == answer.reveals


def test_confidence_ignores_temperature_and_official_does_not(model: Dream) -> None:
    def positions(reveal: str, temperature: float) -> list[int]:
        settings = config(
            reveal=reveal, temperature=temperature, block_length=CANVAS, stop_at_end=False,
            cache="none", top_p=0.9 if temperature else None,
        )  # fmt: skip
        [answer] = Sampler(model, settings, slots=1).decode([request(3)], trace=True)
        assert answer.reveals is not None
        return [r.position for r in answer.reveals]

    assert positions("official", 0.0) == positions("confidence", 0.0)
    # Every distribution is certain at such a temperature, so ties go left.
    assert positions("official", 1e-6) == list(range(CANVAS))
    assert positions("confidence", 1e-6) == positions("confidence", 0.0) != list(range(CANVAS))


def test_a_threshold_reveals_more_where_the_model_is_sure(model: Dream) -> None:
    base = {"tokens_per_step": None, "order": "maskgit_plus", "stop_at_end": False}
    low = decoded(model, list(range(6)), config(threshold=1e-6, **base), 3)
    high = decoded(model, list(range(6)), config(threshold=1.0, **base), 3)
    assert all(low[n].passes == CANVAS // BLOCK for n in low)
    assert all(high[n].passes == CANVAS for n in high)


def test_remasking_takes_unsure_tokens_back_and_ends_on_schedule(model: Dream) -> None:
    paced = {"tokens_per_step": None, "steps": 12, "block_length": CANVAS}
    settings = config(remask=0.25, stop_at_end=False, cache="none", **paced)
    [answer] = Sampler(model, settings, slots=1).decode([request(5)], trace=True)
    assert answer.reveals is not None and answer.steps == 12
    taken = [r for r in answer.reveals if r.token == MASK]
    assert taken and not (answer.tokens == MASK).any()
    state: dict[int, Reveal] = {}
    for reveal in answer.reveals:
        if reveal.token == MASK:
            assert state.pop(reveal.position).confidence == reveal.confidence
            kept = [r for r in state.values() if r.position not in {t.position for t in taken}]
            assert all(reveal.confidence <= r.confidence for r in kept)
        else:
            state[reveal.position] = reveal
    assert {p: r.token for p, r in state.items()} == dict(enumerate(answer.tokens.tolist()))


def test_a_prompt_that_does_not_fit_the_context_is_refused(model: Dream) -> None:
    sampler = Sampler(model, config(), slots=1, context=14)
    with pytest.raises(ValueError, match="a prompt of 6 tokens and 12 new ones do not fit"):
        list(sampler.decode([request(5)]))
    with pytest.raises(ValueError, match="slots 0 is below 1"):
        Sampler(model, config(), slots=0)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_left_to_right_never_reveals_the_mask_token(temperature: float) -> None:
    model = without(small_dream(), MASK)
    with torch.no_grad():
        model.lm_head.weight[MASK, -1] = 1000.0  # what it likes best
    settings = config(reveal="left_to_right", temperature=temperature, stop_at_end=False)
    for answer in decoded(model, [1, 2, 3], settings, slots=2).values():
        assert len(answer.tokens) == CANVAS and MASK not in answer.tokens
