"""The bijection, and one update against torch's own AdamW."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dream_sft.train.exact_master import adamw, join, split, step_rates, update_kernel

BETAS = (0.9, 0.95)
# Ends of both signs, around the middle where rounding turns, and some without meaning.
LOW_HALVES = [0, 1, 2, 0x7FFE, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF, 0x1234, 0xABCD, 0x5555]


def floats(bits: Tensor) -> Tensor:
    """int64 bit patterns as float32."""
    signed = torch.where(bits >= 1 << 31, bits - (1 << 32), bits)
    return signed.to(torch.int32).view(torch.float32)


def test_every_upper_half_survives_with_sampled_lower_halves() -> None:
    random = torch.Generator().manual_seed(1)
    drawn = torch.randint(0, 1 << 16, (20,), generator=random).tolist()
    upper = torch.arange(1 << 16, dtype=torch.int64) << 16
    for low in (*LOW_HALVES, *drawn):
        value = floats(upper | low)
        half, remainder = split(value)
        assert (half.dtype, remainder.dtype) == (torch.bfloat16, torch.int16)
        # Compared as integers: NaN differs from itself, and -0 equals 0.
        assert torch.equal(join(half, remainder).view(torch.int32), value.view(torch.int32)), low
        # One to one also the other way: no two patterns share a pair.
        pairs = (half.view(torch.int16).to(torch.int64) << 16) | (remainder.to(torch.int64) & 65535)
        assert torch.unique(pairs).numel() == 1 << 16


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, (1 << 32) - 1), min_size=1, max_size=50))
def test_any_bit_pattern_survives(patterns: list[int]) -> None:
    value = floats(torch.tensor(patterns, dtype=torch.int64))
    assert torch.equal(join(*split(value)).view(torch.int32), value.view(torch.int32))


@settings(max_examples=300, deadline=None)
@given(st.integers(-(1 << 15), (1 << 15) - 1), st.integers(-(1 << 15), (1 << 15) - 1))
def test_any_pair_survives(high: int, low: int) -> None:
    half = torch.tensor([high], dtype=torch.int16).view(torch.bfloat16)
    remainder = torch.tensor([low], dtype=torch.int16)
    again = split(join(half, remainder))
    assert torch.equal(again[0].view(torch.int16), half.view(torch.int16))
    assert torch.equal(again[1], remainder)


@settings(max_examples=300, deadline=None)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_half_is_the_nearest_bf16_ties_away_from_zero(value: float) -> None:
    tensor = torch.tensor([value], dtype=torch.float32)
    half, remainder = split(tensor)
    nearest_even = tensor.to(torch.bfloat16)
    if int(remainder) == -(1 << 15):
        assert abs(float(half)) >= abs(value)  # a tie, rounded up in magnitude
    else:
        assert torch.equal(half.view(torch.int16), nearest_even.view(torch.int16))


def test_what_a_half_says_about_values_that_are_not_finite() -> None:
    """As stated in the module: the round trip is exact, the half alone is not to be trusted."""
    value = floats(
        torch.tensor([0x7F800000, 0x7F7FFFFF, 0x7FFFFFFF, 0x7F800001], dtype=torch.int64)
    )
    half, remainder = split(value)
    assert [math.isinf(value) for value in half.tolist()] == [True, True, False, True]
    assert half[2] == 0  # a NaN that looks like a zero
    joined = join(half, remainder)
    assert torch.isnan(joined).tolist() == [False, False, True, True]
    assert joined[1] == torch.finfo(torch.float32).max


def test_zeros_keep_their_sign_and_subnormals_their_value() -> None:
    value = floats(torch.tensor([0, 1 << 31, 1, 0x8000, 0x80000001, 0x007FFFFF], dtype=torch.int64))
    assert torch.equal(join(*split(value)).view(torch.int32), value.view(torch.int32))


def test_a_copy_of_a_bf16_weight_has_no_remainder() -> None:
    weight = torch.randn(1000, generator=torch.Generator().manual_seed(2)).to(torch.bfloat16)
    half, remainder = split(weight.float())
    assert torch.equal(half, weight) and not remainder.any()


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="float64"):
        split(torch.zeros(2, dtype=torch.float64))
    with pytest.raises(TypeError, match="expected bfloat16 and int16"):
        join(torch.zeros(2), torch.zeros(2, dtype=torch.int16))


def test_one_update_equals_torch_bit_for_bit() -> None:
    random = torch.Generator().manual_seed(3)
    master = torch.randn(4099, generator=random)
    weight = torch.nn.Parameter(master.clone())
    reference = torch.optim.AdamW(
        [weight], lr=3e-3, betas=BETAS, weight_decay=0.1, fused=False, foreach=False
    )
    first, second = torch.zeros_like(master), torch.zeros_like(master)
    for updates in range(1, 6):
        weight.grad = torch.randn(4099, generator=random) * 10.0 ** (updates - 4)
        rates = step_rates(3e-3, 0.1, BETAS, updates, 1.0)
        master, first, second = adamw(master, weight.grad, first, second, rates)
        reference.step()
        assert torch.equal(master, weight.detach())


@pytest.mark.usefixtures("compiler")
def test_the_compiled_kernel_agrees_to_the_last_places() -> None:
    random = torch.Generator().manual_seed(4)
    halves = split(torch.randn(5000, generator=random))
    gradient = torch.randn(5000, generator=random).to(torch.bfloat16)
    results = []
    for compiled in (False, True):
        high, low = halves[0].view(torch.int16).clone(), halves[1].clone()
        first = torch.zeros(5000, dtype=torch.bfloat16)
        second = torch.zeros(5000, dtype=torch.bfloat16)
        kernel = update_kernel(compiled=compiled)
        for updates in (1, 2):
            rates = step_rates(1e-3, 0.1, BETAS, updates, 0.5)
            for part in (slice(0, 4096), slice(4096, 5000)):
                pieces = [t[part] for t in (high, low, gradient, first, second)]
                kernel(*pieces, rates)  # type: ignore[call-arg]
        results.append((join(high.view(torch.bfloat16), low), first, second))
    plain, compiled_result = results
    torch.testing.assert_close(compiled_result[0], plain[0], rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(compiled_result[1], plain[1], rtol=2**-7, atol=0)
    torch.testing.assert_close(compiled_result[2], plain[2], rtol=2**-7, atol=0)
    assert not torch.equal(plain[0], join(*halves))
