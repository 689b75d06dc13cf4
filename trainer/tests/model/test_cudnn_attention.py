"""Attention by cuDNN gives the values and gradients of attention with a dense mask.

Shape letters: L positions of the row, H query heads, G key-value heads, K head width.
"""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dream_sft.model import cudnn_attention
from dream_sft.model.cudnn_layout import key_of, layout_of, statistics_form
from dream_sft.model.cudnn_plans import forward_plan
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.packed_attention import KernelError, attend_packed, choose_kernel

HEADS, KV_HEADS, WIDTH = 28, 4, 128
needs_cudnn = pytest.mark.skipif(
    not (torch.cuda.is_available() and cudnn_attention.usable(64)),
    reason="needs an NVIDIA card, cuDNN and nvidia-cudnn-frontend",
)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a card")
def test_without_a_card_it_is_not_chosen_and_asking_for_it_names_what_runs() -> None:
    assert choose_kernel("auto", torch.device("cpu"), torch.bfloat16) == "sdpa"
    with pytest.raises(KernelError, match=r"attention cudnn cannot run here .*; use sdpa, mask"):
        choose_kernel("cudnn", torch.device("cpu"), torch.bfloat16)


@pytest.mark.parametrize(("frugal", "chosen"), [(True, "cudnn"), (False, "varlen")])
def test_by_itself_it_is_chosen_only_where_memory_grows_with_tokens(
    monkeypatch: pytest.MonkeyPatch, frugal: bool, chosen: str
) -> None:
    pytest.importorskip("torch.nn.attention.varlen")
    monkeypatch.setattr(cudnn_attention, "usable", lambda _width: True)
    monkeypatch.setattr(cudnn_attention, "frugal", lambda: frugal)
    card = torch.device("cuda")
    assert choose_kernel("auto", card, torch.bfloat16) == chosen
    assert choose_kernel("cudnn", card, torch.bfloat16) == "cudnn"


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
        # A document of one token passes no gradient to its query and key, but for round-off.
        scale = max(float(other.detach().abs().max()), 0.01)
        assert float((one.detach().float() - other.detach()).abs().max()) <= 0.02 * scale


@needs_cudnn
def test_one_long_document_among_many_short_ones_costs_what_its_tokens_cost() -> None:
    if not cudnn_attention.frugal():
        pytest.skip("this card's cuDNN has no packed statistics")
    lengths = [2048, *[64] * 16]
    tokens = sum(lengths)
    bounds = DocumentBounds.of(lengths, "cuda")
    inputs = [
        torch.randn(tokens, heads, WIDTH, device="cuda", dtype=torch.bfloat16, requires_grad=True)
        for heads in (HEADS, KV_HEADS, KV_HEADS)
    ]
    attend_packed(*inputs, bounds, "cudnn")  # makes the plan and the layout
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    out = attend_packed(*inputs, bounds, "cudnn")
    kept = torch.cuda.memory_allocated() - before
    assert kept == out.nbytes + 4 * tokens * HEADS
    # A plan for 32 x 2048 would keep 21 times as much for the backward pass.
    assert 21 * 4 * tokens * HEADS < 4 * 32 * 2048 * HEADS


@needs_cudnn
@pytest.mark.parametrize("lengths", [[2048, *[64] * 16], [1, 1, 1], [100, 28], [4096]])
def test_statistics_are_written_where_the_row_lies_and_nowhere_else(lengths: list[int]) -> None:
    tokens, bounds = sum(lengths), DocumentBounds.of(lengths, "cuda")
    q_LHK, k_LGK, v_LGK = (
        torch.randn(tokens, heads, WIDTH, device="cuda", dtype=torch.bfloat16)
        for heads in (HEADS, KV_HEADS, KV_HEADS)
    )
    key = key_of(q_LHK, k_LGK, bounds)
    size = math.prod(statistics_form(key, tokens))
    guarded = torch.full((size + 4096,), torch.pi, device="cuda")
    layout = layout_of(key, bounds, q_LHK.device)
    out = torch.empty_like(q_LHK)
    forward_plan(key).run([q_LHK, k_LGK, v_LGK, out, guarded[:size], *layout.tables(key)])
    assert bool((guarded[size:] == torch.pi).all())
    if key.packed_statistics:
        found_LH = guarded[: tokens * HEADS].view(tokens, HEADS)
        heads = [k_LGK[:, head * KV_HEADS // HEADS].float() for head in range(HEADS)]
        at = 0
        for length in lengths:
            part = slice(at, at + length)
            for head in (0, HEADS - 1):
                scores = q_LHK[part, head].float() @ heads[head][part].T * WIDTH**-0.5
                wanted_L = scores.logsumexp(dim=-1)
                assert torch.allclose(found_LH[part, head], wanted_L, atol=0.02, rtol=0.01)
            at += length


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
