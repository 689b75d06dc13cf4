"""Products of frozen weights with LoRA's factors added in place, for one or several projections.

Shape letters: T rows, I inputs, O outputs of a projection, R ranks of all projections together.

y_i = x W_i^T + h_i B_i^T with h = x A^T, where A holds the factors A_i of all projections of one
input one below the other, each already times alpha / r, and h_i the columns of h that are A_i's. An
operator of its own: compiled code calls it as it is, and the thin product is added into y where it
lies, which otherwise costs a copy of every output. Backward: dh_i = dy_i B_i,
dx = sum of dy_i W_i + dh A, dA = dh^T x, dB_i = dy_i^T h_i; dA and dB in float32.

q, k and v (gate and up) of one input read x once for h and once for dA, and add dh A to dx once,
instead of once each.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from dream_sft.frozen.products import (
    add_input_gradient,
    forward_product,
    gradient_parts,
    input_gradient,
)


@torch.library.custom_op(
    "dream_sft::lora_linears",
    mutates_args=(),
    schema="(str kind, Tensor x, Tensor[] x_parts, Tensor[] stored, Tensor lora_A, "
    "Tensor[] lora_B) -> Tensor[]",
)
def lora_linears(
    kind: str,
    x_TI: Tensor,
    x_parts: list[Tensor],
    stored: list[Tensor],
    lora_A: Tensor,
    lora_B: list[Tensor],
) -> list[Tensor]:
    """y_i [T, O] of every projection, then h [T, R], all in x's dtype.

    stored: what each projection's storage keeps, one after the other. lora_B: [O, its rank] each.
    """
    h_TR = x_TI @ lora_A.to(x_TI.dtype).t()
    outputs = []
    for kept, h, factor in zip(_each(stored, lora_B), _ranks(h_TR, lora_B), lora_B, strict=True):
        y_TO = forward_product(kind, x_TI, x_parts, kept)
        outputs.append(y_TO.addmm_(h, factor.to(x_TI.dtype).t()))
    return [*outputs, h_TR]


@lora_linears.register_fake
def _(
    kind: str,
    x_TI: Tensor,
    x_parts: list[Tensor],
    stored: list[Tensor],
    lora_A: Tensor,
    lora_B: list[Tensor],
) -> list[Tensor]:
    return [x_TI.new_empty(x_TI.shape[0], factor.shape[0]) for factor in [*lora_B, lora_A]]


@torch.library.custom_op(
    "dream_sft::lora_gradients",
    mutates_args=(),
    schema="(str kind, Tensor[] grads, Tensor[] grad_parts, Tensor[] stored, Tensor x, Tensor h, "
    "Tensor lora_A, Tensor[] lora_B) -> Tensor[]",
)
def lora_gradients(
    kind: str,
    grads: list[Tensor],
    grad_parts: list[Tensor],
    stored: list[Tensor],
    x_TI: Tensor,
    h_TR: Tensor,
    lora_A: Tensor,
    lora_B: list[Tensor],
) -> list[Tensor]:
    """dA and all dB_i in float32, then the summands of dx in dy's dtype.

    dx is one summand, but for fp8 one a projection: its kernel cannot add, and compiled code adds
    them within the kernel that comes next.
    """
    dh_TR = torch.empty_like(h_TR)
    gradients_B = []
    ranks = zip(grads, lora_B, _ranks(dh_TR, lora_B), _ranks(h_TR, lora_B), strict=True)
    for grad_TO, factor, dh, h in ranks:
        torch.mm(grad_TO, factor.to(grad_TO.dtype), out=dh)
        gradients_B.append(_wide_product(grad_TO.t(), h))
    summands: list[Tensor] = []
    parts = _each(grad_parts, lora_B)
    for grad_TO, part, kept in zip(grads, parts, _each(stored, lora_B), strict=True):
        if summands and kind != "fp8":
            add_input_gradient(kind, summands[0], grad_TO, kept)
        else:
            summands.append(input_gradient(kind, grad_TO, part, kept))
    summands[0].addmm_(dh_TR, lora_A.to(dh_TR.dtype))
    return [_wide_product(dh_TR.t(), x_TI), *gradients_B, *summands]


@lora_gradients.register_fake
def _(
    kind: str,
    grads: list[Tensor],
    grad_parts: list[Tensor],
    stored: list[Tensor],
    x_TI: Tensor,
    h_TR: Tensor,
    lora_A: Tensor,
    lora_B: list[Tensor],
) -> list[Tensor]:
    summands = len(lora_B) if kind == "fp8" else 1
    factors = [torch.empty_like(factor) for factor in [lora_A, *lora_B]]
    return factors + [torch.empty_like(x_TI) for _ in range(summands)]


def _each(tensors: list[Tensor], members: list[Tensor]) -> list[list[Tensor]]:
    """`tensors` in as many equal runs as there are members."""
    size = len(tensors) // len(members)
    return [tensors[n * size : (n + 1) * size] for n in range(len(members))]


def _ranks(h_TR: Tensor, lora_B: list[Tensor]) -> tuple[Tensor, ...]:
    """The columns of each projection, as views."""
    return torch.split(h_TR, [factor.shape[1] for factor in lora_B], dim=1)


def _wide_product(left: Tensor, right: Tensor) -> Tensor:
    """left @ right, summed and returned in float32."""
    if left.dtype == torch.float32:
        return left @ right
    if left.device.type == "cuda" and _mm_widens():
        return torch.mm(left, right, out_dtype=torch.float32)
    return left.float() @ right.float()


@cache
def _mm_widens() -> bool:
    """Torch before 2.8 has no `out_dtype`; the copies in float32 cost time and memory there."""
    return "dtype" in torch.ops.aten.mm.overloads()  # type: ignore[no-untyped-call]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.kind, x_TI, x_parts, stored, lora_A, lora_B = inputs
    ctx.counts = len(x_parts), len(stored), len(lora_B)
    ctx.save_for_backward(x_TI, output[-1], lora_A, *lora_B, *stored)


def _backward(ctx: Any, grads: list[Tensor]) -> tuple[Any, ...]:
    of_parts, of_stored, of_members = ctx.counts
    x_TI, h_TR, lora_A, *rest = ctx.saved_tensors
    lora_B, stored = rest[:of_members], rest[of_members:]
    grads = grads[:of_members]  # nothing asks for h's
    parts = [
        part
        for grad_TO, kept in zip(grads, _each(stored, lora_B), strict=True)
        for part in gradient_parts(ctx.kind, grad_TO, kept)
    ]
    whole = [grad_TO.contiguous() for grad_TO in grads]
    found = lora_gradients(ctx.kind, whole, parts, stored, x_TI, h_TR, lora_A, lora_B)
    gradient_A, *others = found
    dx_TI = sum(others[of_members + 1 :], start=others[of_members])
    return (
        None,
        dx_TI,
        [None] * of_parts,
        [None] * of_stored,
        gradient_A,
        others[:of_members],
    )


lora_linears.register_autograd(_backward, setup_context=_keep)
