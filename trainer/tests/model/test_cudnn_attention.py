"""Attention by cuDNN gives the values and gradients of attention with a dense mask.

Shape letters: L positions of the row, H query heads, G key-value heads, K head width.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dream_sft.model import cudnn_attention
from dream_sft.model.cudnn_attention import key_of, layout_of
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.packed_attention import attend_packed, choose_kernel

HEADS, KV_HEADS, WIDTH = 28, 4, 128
LENGTHS = st.lists(st.integers(1, 3000), min_size=1, max_size=40)
needs_cudnn = pytest.mark.skipif(
    not (torch.cuda.is_available() and cudnn_attention.usable(64)),
    reason="needs an NVIDIA card, cuDNN and nvidia-cudnn-frontend",
)


def empty_row(tokens: int) -> tuple[Tensor, Tensor]:
    return tuple(  # type: ignore[return-value]
        torch.empty(tokens, heads, WIDTH, dtype=torch.bfloat16, device="meta")
        for heads in (HEADS, KV_HEADS)
    )


@given(LENGTHS)
def test_a_plan_takes_the_row_and_plans_are_few(lengths: list[int]) -> None:
    bounds = DocumentBounds.of(lengths, "cpu")
    key = key_of(*empty_row(sum(lengths)), bounds)
    assert len(lengths) <= key.documents < 2 * len(lengths)
    assert max(lengths) <= key.longest <= max(128, 2 * max(lengths) - 1)
    assert sum(lengths) <= key.tokens < sum(lengths) + 4096
    assert key.documents.bit_count() == key.longest.bit_count() == 1


@given(LENGTHS)
def test_the_layout_says_where_each_document_lies(lengths: list[int]) -> None:
    bounds = DocumentBounds.of(lengths, "cpu")
    key = key_of(*empty_row(sum(lengths)), bounds)
    layout = layout_of(key, bounds, torch.device("cpu"))
    assert layout.lengths.flatten().tolist() == lengths + [0] * (key.documents - len(lengths))
    for starts, heads in ((layout.q_starts, HEADS), (layout.kv_starts, KV_HEADS)):
        numbers = starts.flatten().tolist()
        assert [n // (heads * WIDTH) for n in numbers[: len(lengths) + 1]] == (
            bounds.cu_seqlens.tolist()
        )
        assert set(numbers[len(lengths) :]) == {sum(lengths) * heads * WIDTH}


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a card")
def test_without_a_card_it_is_not_chosen_and_asking_for_it_names_what_runs() -> None:
    assert choose_kernel("auto", torch.device("cpu"), torch.bfloat16) == "sdpa"
    with pytest.raises(ValueError, match=r"attention cudnn cannot run here .*; use sdpa, mask"):
        choose_kernel("cudnn", torch.device("cpu"), torch.bfloat16)


def values_and_gradients(lengths: list[int], kernel: str, dtype: torch.dtype) -> list[Tensor]:
    draw = torch.Generator("cuda").manual_seed(1)
    bounds = DocumentBounds.of(lengths, "cuda")
    inputs = [
        torch.randn(sum(lengths), heads, WIDTH, device="cuda", generator=draw)
        .to(torch.bfloat16)
        .to(dtype)
        .requires_grad_()
        for heads in (HEADS, KV_HEADS, KV_HEADS)
    ]
    grad = torch.randn(inputs[0].shape, device="cuda", generator=draw).to(torch.bfloat16)
    q_LHK, k_LGK, v_LGK = inputs
    out = attend_packed(q_LHK, k_LGK, v_LGK, bounds, kernel)
    out.backward(grad.to(dtype))  # type: ignore[no-untyped-call]
    return [out, *(x.grad for x in inputs if x.grad is not None)]


@needs_cudnn
@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=9))
def test_as_with_a_dense_mask(lengths: list[int]) -> None:
    ours = values_and_gradients(lengths, "cudnn", torch.bfloat16)
    wanted = values_and_gradients(lengths, "mask", torch.float32)
    for one, other in zip(ours, wanted, strict=True):
        scale = float(other.abs().max())
        assert float((one.float() - other).abs().max()) <= 0.02 * scale


@needs_cudnn
def test_deterministic_when_asked() -> None:
    torch.use_deterministic_algorithms(True)
    try:
        first, second = (
            values_and_gradients([1500, 700, 300], "cudnn", torch.bfloat16) for _ in range(2)
        )
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
