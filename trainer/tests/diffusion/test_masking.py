from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dream_sft.diffusion.masking import (
    ANSWER,
    FIRST_EOS,
    PROMPT,
    TAIL,
    EosTail,
    Shape,
    masked_response,
    official_cutoff,
    official_shape,
    parts_of,
    tail_lengths,
    uniform_shape,
)
from dream_sft.diffusion.noise import Purpose, uniform

SMALL = st.integers(0, 30)


def mask_bits(
    shape: Shape, *, t: float, seed: int, sample_id: int, epoch: int, as_one: bool = False
) -> NDArray[np.bool_]:
    """One document's mask, drawn as training draws it."""
    draws_L = uniform(seed, sample_id, epoch, Purpose.MASK, np.arange(shape.length))
    return masked_response(draws_L < t, shape, as_one=as_one)


@given(prompt=SMALL, answer=SMALL, tail=SMALL, t=st.floats(1e-3, 0.999), sample=SMALL)
def test_the_prompt_is_never_masked_and_noise_is_per_position(
    prompt: int, answer: int, tail: int, t: float, sample: int
) -> None:
    shape = uniform_shape(prompt, answer, tail)
    mask = mask_bits(shape, t=t, seed=1, sample_id=sample, epoch=0)
    assert mask.shape == (shape.length,) == (prompt + answer + 1 + tail,)
    assert not mask[:prompt].any()
    # a longer tail leaves the bits of what came before as they were
    longer = uniform_shape(prompt, answer, tail + 5)
    assert (mask_bits(longer, t=t, seed=1, sample_id=sample, epoch=0)[: shape.length] == mask).all()


@given(t=st.floats(1e-3, 0.9), more=st.floats(0, 0.09), sample=SMALL)
def test_more_noise_masks_a_superset(t: float, more: float, sample: int) -> None:
    shape = uniform_shape(4, 20, 3)
    low, high = (mask_bits(shape, t=x, seed=1, sample_id=sample, epoch=0) for x in (t, t + more))
    assert not (low & ~high).any()


@given(answer=SMALL, tail=SMALL, sample=SMALL)
def test_as_one_gives_all_end_tokens_the_bit_of_the_first(
    answer: int, tail: int, sample: int
) -> None:
    shape = uniform_shape(3, answer, tail)
    free = mask_bits(shape, t=0.5, seed=2, sample_id=sample, epoch=1)
    one = mask_bits(shape, t=0.5, seed=2, sample_id=sample, epoch=1, as_one=True)
    first = 3 + answer
    assert (one[:first] == free[:first]).all()
    assert (one[first:] == free[first]).all()


def test_masks_have_rate_t() -> None:
    shape = uniform_shape(0, 39_999, 0)
    rate = mask_bits(shape, t=0.3, seed=5, sample_id=1, epoch=0).mean()
    assert abs(rate - 0.3) < 4 * np.sqrt(0.21 / 40_000)


def test_tail_lengths_are_uniform_with_both_ends() -> None:
    tail = EosTail(low=2, high=5)
    counts = np.bincount(tail_lengths(tail, 0, np.arange(2000), 0))
    assert counts[:2].sum() == 0 and len(counts) == 6
    # chi-square with 3 degrees of freedom passes 16.3 with probability 1e-3
    assert ((counts[2:] - 500) ** 2 / 500).sum() < 16.3


def test_parts_follow_the_document() -> None:
    assert parts_of(uniform_shape(2, 3, 2)).tolist() == [PROMPT] * 2 + [ANSWER] * 3 + [
        FIRST_EOS, TAIL, TAIL]  # fmt: skip


@pytest.mark.parametrize(("answer", "cutoff", "eos"), [(5, 8, 3), (8, 8, 0), (9, 8, 0)])
def test_the_official_cutoff_gives_all_responses_one_length(
    answer: int, cutoff: int, eos: int
) -> None:
    shape = official_shape(4, answer, cutoff)
    assert shape.length == 4 + cutoff
    assert shape.eos == eos
    assert (parts_of(shape) == FIRST_EOS).sum() == (eos > 0)


def test_the_official_cutoff_takes_every_length_of_the_batch() -> None:
    drawn = {official_cutoff(0, 0, step, [3, 8, 5]) for step in range(60)}
    assert drawn == {3, 8, 5}
    assert official_cutoff(0, 1, 7, [3, 8, 5]) == official_cutoff(0, 1, 7, [3, 8, 5])


def test_tail_settings_are_checked_whole() -> None:
    with pytest.raises(ValueError, match=r"length 'x' is neither.*low -1 is below 0"):
        EosTail(length="x", low=-1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="high 1 is below low 2"):
        EosTail(low=2, high=1)
    with pytest.raises(ValueError, match="no meaning"):
        EosTail(length="official", high=3)


def test_tail_settings_come_from_a_run_spec() -> None:
    assert EosTail.parse([1, 4]) == EosTail(low=1, high=4)
    assert EosTail.parse("official") == EosTail(length="official")
    assert EosTail.parse("as_one") == EosTail(length="official", as_one=True)
    for bad in ("other", [1]):
        with pytest.raises(ValueError, match="EOS tail"):
            EosTail.parse(bad)
