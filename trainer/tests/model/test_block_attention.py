"""Attention in blocks gives the values and gradients of attention with a dense mask.

On the CPU both kernels of the GPU are computed by formula, in the layouts of the GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from dream_sft.model import attention_primitives, block_attention
from dream_sft.model.block_attention import (
    BLOCK_MULTIPLE,
    SHORTEST_WITH_BLOCK,
    join,
    plan_blocks,
)
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.packed_attention import attend_packed

HEADS, KV_HEADS, WIDTH = 4, 2, 8
CPU = torch.device("cpu")
# Around every border: no block, a block alone, the shortest and the longest rim.
SHORT = st.sampled_from([1, 2, 127, 255, 256, 257, 700, 1023])
LONG = st.builds(
    lambda blocks, rim: blocks * BLOCK_MULTIPLE + rim,
    st.sampled_from([4, 5, 6]),
    st.sampled_from([0, 1, 100, 254, 255]),
)
SHORT_ONLY = st.lists(SHORT, min_size=1, max_size=6)
MIXED = st.lists(st.one_of(SHORT, LONG), min_size=1, max_size=3)


def inputs_of(total: int, device: str = "cpu", dtype: torch.dtype = torch.float32) -> list[Tensor]:
    draw = torch.Generator().manual_seed(total)
    return [
        torch.randn(total, heads, WIDTH if device == "cpu" else 128, generator=draw)
        .to(device, dtype)
        .requires_grad_()
        for heads in (HEADS, KV_HEADS, KV_HEADS)
    ]


def gradient_like(out: Tensor) -> Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.randn(out.shape, generator=draw).to(out.device, out.dtype)


def values_and_gradients(
    lengths: Sequence[int], kernel: str, inputs: Sequence[Tensor]
) -> list[Tensor]:
    bounds = DocumentBounds.of(lengths, inputs[0].device)
    out = attend_packed(inputs[0], inputs[1], inputs[2], bounds, kernel)
    return [out.detach(), *torch.autograd.grad(out, inputs, gradient_like(out))]


def assert_equals_mask(lengths: Sequence[int]) -> None:
    inputs = inputs_of(sum(lengths))
    ours = values_and_gradients(lengths, "blocks", inputs)
    wanted = values_and_gradients(lengths, "mask", inputs)
    torch.testing.assert_close(ours, wanted, rtol=1e-5, atol=1e-5)


def padded(lengths: Sequence[int]) -> list[int]:
    """With a padding document, as rows have one: up to a multiple of 128."""
    rest = -sum(lengths) % 128
    return [*lengths, rest] if rest else [*lengths]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(SHORT_ONLY, MIXED))
def test_values_and_gradients_are_those_of_the_dense_mask(lengths: list[int]) -> None:
    assert_equals_mask(padded(lengths))


@pytest.mark.parametrize(
    "lengths",
    [
        [1024],  # nothing but a block
        [1280, 1024],  # blocks alone
        [1023],  # no block
        [300, 1, 1023, 60],
        [1025],
        [1279],
        [1024, 7],  # keys of a short document, none of a rim
        [7, 1024, 1279, 1024],  # a block without rim between others
        [1279, 1279, 200, 1025, 98],
    ],
)
def test_every_kind_of_row(lengths: list[int]) -> None:
    assert_equals_mask(lengths)


def test_float64_agrees_to_its_own_precision() -> None:
    """An error that float32's tolerance could hide shows here."""
    lengths = [1025, 40, 1279, 1024]
    inputs = [x.detach().double().requires_grad_() for x in inputs_of(sum(lengths))]
    ours = values_and_gradients(lengths, "blocks", inputs)
    wanted = values_and_gradients(lengths, "mask", inputs)
    for one, other in zip(ours, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-13)


def test_cudnn_sees_multiples_of_256_in_strides_of_their_shape_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Anything else would have it build a plan for every document."""
    seen: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = []

    def watch(name: str) -> None:
        real = getattr(block_attention, name)

        def watched(*tensors: Tensor) -> Any:
            parts = [x for x in tensors if x.shape[-1] == WIDTH]
            seen.extend((name, tuple(x.shape), x.stride()) for x in parts)
            return real(*tensors)

        monkeypatch.setattr(block_attention, name, watched)

    watch("block_forward")
    watch("block_backward")
    lengths = [70, 1024, 1279, 300, 1030, 1025 + 256, 22]
    values_and_gradients(lengths, "blocks", inputs_of(sum(lengths)))
    assert [name for name, *_ in seen].count("block_forward") == 4 * 3
    assert [name for name, *_ in seen].count("block_backward") == 4 * 5
    for _, (batch, heads, length, width), stride in seen:
        assert batch == 1 and length % BLOCK_MULTIPLE == 0 and length >= SHORTEST_WITH_BLOCK
        assert stride == (length * heads * width, width, heads * width, 1)


@pytest.mark.parametrize("unwritten", [float("nan"), float("-inf"), float("inf")])
def test_rows_that_flash_leaves_without_keys_are_never_looked_at(
    monkeypatch: pytest.MonkeyPatch, unwritten: float
) -> None:
    """Kernels disagree about a sequence without keys (a block without a rim)."""
    forward, backward = attention_primitives.varlen_forward, attention_primitives.varlen_backward

    def without_keys(sequences: Any) -> Tensor:
        counts, keys = sequences.cu_q.diff(), sequences.cu_k.diff()
        return torch.repeat_interleave(keys == 0, counts)

    def spoilt_forward(*arguments: Any) -> tuple[Tensor, Tensor]:
        out, lse = forward(*arguments)
        out[without_keys(arguments[-1])] = unwritten
        lse[:, without_keys(arguments[-1])] = unwritten
        return out, lse

    def spoilt_backward(*arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
        dq, dk, dv = backward(*arguments)
        dq[without_keys(arguments[-1])] = unwritten
        return dq, dk, dv

    monkeypatch.setattr(block_attention, "varlen_forward", spoilt_forward)
    monkeypatch.setattr(block_attention, "varlen_backward", spoilt_backward)
    assert_equals_mask([1024, 1025, 5, 1280])


@given(st.lists(st.one_of(SHORT, LONG), min_size=1, max_size=12))
def test_a_plan_covers_every_query_and_key_of_each_document_once(lengths: list[int]) -> None:
    plan = plan_blocks(lengths, max(lengths), CPU)
    total = sum(lengths)
    pairs = torch.zeros(total, dtype=torch.int64)  # keys seen by each query, by their positions
    for rows, _ in plan.blocks:
        pairs[rows] += torch.arange(total)[rows].sum()
    if plan.rest is not None:
        copies = plan.rest.copies
        keys = torch.arange(total) if copies is None else copies.keys
        q, k = plan.rest.sequences.cu_q.tolist(), plan.rest.sequences.cu_k.tolist()
        assert q[-1] == total and k[-1] == len(keys)
        for n in range(len(q) - 1):
            pairs[q[n] : q[n + 1]] += keys[k[n] : k[n + 1]].sum()
    wanted = [
        torch.arange(start, start + length).sum().expand(length)
        for start, length in zip(accumulate(lengths, initial=0), lengths, strict=False)
    ]
    assert torch.equal(pairs, torch.cat(wanted))


def test_joining_is_attention_over_both_key_sets() -> None:
    draw = torch.Generator().manual_seed(3)
    scores_HMN = 30 * torch.randn(2, 5, 9, generator=draw)
    values = torch.randn(2, 9, 4, generator=draw)

    def over(keys: slice) -> tuple[Tensor, Tensor]:
        part = scores_HMN[..., keys]
        return (part.softmax(-1) @ values[:, keys]).transpose(0, 1), part.logsumexp(-1)

    (out, lse), (other, other_lse), (both, both_lse) = map(
        over, (slice(0, 3), slice(3, 9), slice(0, 9))
    )
    joint = join(out, lse, other, other_lse)
    torch.testing.assert_close(joint, both_lse)
    torch.testing.assert_close(out, both, rtol=1e-5, atol=1e-6)


def test_layers_share_one_plan_and_activations_may_be_computed_again() -> None:
    lengths = [1030, 250]
    bounds, (q, k, v) = DocumentBounds.of(lengths, "cpu"), inputs_of(sum(lengths))

    def twice(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return attend_packed(attend_packed(q, k, v, bounds, "blocks"), k, v, bounds, "blocks")

    once = twice(q, k, v)
    plan = bounds.memo["blocks"]
    again = checkpoint(twice, q, k, v, use_reentrant=False)
    grads = [torch.autograd.grad(out, (q, k, v), gradient_like(out)) for out in (once, again)]
    assert bounds.memo["blocks"] is plan
    assert all(torch.equal(one, other) for one, other in zip(*grads, strict=True))


@pytest.mark.parametrize("kernel", ["blocks", "mask"])
def test_autocast_reaches_the_kernel(kernel: str) -> None:
    """Rotation leaves q and k in float32, v comes in bf16 from its projection."""
    bounds, (q, k, v) = DocumentBounds.of([1030, 20], "cpu"), inputs_of(1050)
    with torch.autocast("cpu", torch.bfloat16):
        out = attend_packed(q, k, v.bfloat16(), bounds, kernel)
    assert out.dtype == torch.bfloat16
    exact = attend_packed(q, k, v, bounds, "mask")
    torch.testing.assert_close(out.float(), exact, rtol=0.05, atol=0.02)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize(
    "lengths", [[1024], [1023, 5], [1279, 300, 1024, 1025, 2049, 100], [2048, 4090, 37]]
)
def test_the_real_kernels_in_bf16(lengths: list[int]) -> None:
    inputs = inputs_of(sum(lengths), "cuda", torch.bfloat16)
    ours = values_and_gradients(lengths, "blocks", inputs)
    exact = [x.detach().float().requires_grad_() for x in inputs]
    wanted = values_and_gradients(lengths, "mask", exact)
    varlen = values_and_gradients(lengths, "varlen", inputs)
    for one, other, flash in zip(ours, wanted, varlen, strict=True):
        # Joined parts are rounded once more than flash attention's own.
        allowed = 2 * float((flash.float() - other).abs().max()) + 1e-3
        assert float((one.float() - other).abs().max()) <= allowed
