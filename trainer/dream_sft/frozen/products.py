"""Products with a frozen weight in any storage, as an operator that compiled code calls as it is.

Shape letters: T rows, I inputs, O outputs.

`stored` is what the storage keeps of a weight: [weight] or [weight, row scales]. `parts` is the
other side of an fp8 product, quantised outside of the operator so that compiled code fuses it with
what comes before: [fp8, row scales], and nothing for other storages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dream_sft.frozen.transpose import transposed

FP8 = torch.float8_e4m3fn
_LARGEST_FP8 = 448.0  # of e4m3fn


def quantise_rows_fp8(x_TI: Tensor) -> tuple[Tensor, Tensor]:
    """x as fp8 [T, I] and the float32 scale [T, 1] of each row: x ≈ fp8 * scale."""
    wide = x_TI.float()
    scale_T1 = wide.abs().amax(dim=-1, keepdim=True).clamp(min=1e-12) / _LARGEST_FP8
    return (wide / scale_T1).clamp(-_LARGEST_FP8, _LARGEST_FP8).to(FP8), scale_T1


def fp8_product(left: Tensor, scale_left: Tensor, right_OI: Tensor, scale_right: Tensor,
                dtype: torch.dtype) -> Tensor:  # fmt: skip
    """left [T, I] times right_OI transposed, each with the scales [T, 1] and [O, 1] of its rows."""
    if left.device.type != "cuda":  # the same numbers without the kernel: for tests
        product = left.float() @ right_OI.float().t()
        return (product * scale_left * scale_right.t()).to(dtype)
    return torch._scaled_mm(
        left,
        right_OI.t(),
        scale_a=scale_left,
        scale_b=scale_right.t().contiguous(),
        out_dtype=dtype,
        use_fast_accum=True,
    )


def int8_dense(weight_OI: Tensor, scale_O1: Tensor, dtype: torch.dtype) -> Tensor:
    """The weight in the compute dtype; a float32 copy would be twice as large, for bits that go."""
    return weight_OI.to(dtype) * scale_O1.to(dtype)


def forward_product(kind: str, x_TI: Tensor, x_parts: list[Tensor], stored: list[Tensor]) -> Tensor:
    """x W^T [T, O] in x's dtype."""
    if kind == "fp8":
        return fp8_product(x_parts[0], x_parts[1], stored[0], stored[1], x_TI.dtype)
    return x_TI @ _dense(kind, stored, x_TI.dtype).t()


def input_gradient(
    kind: str, grad_TO: Tensor, grad_parts: list[Tensor], stored: list[Tensor]
) -> Tensor:
    """dy W [T, I] in dy's dtype; `grad_parts` from `gradient_parts`."""
    if kind == "fp8":
        weight_OI = stored[0]
        ones = torch.ones(weight_OI.shape[1], 1, device=grad_TO.device)
        grad8_TO, scale_T1 = grad_parts
        return fp8_product(grad8_TO, scale_T1, transposed(weight_OI), ones, grad_TO.dtype)
    return grad_TO @ _dense(kind, stored, grad_TO.dtype)


def add_input_gradient(kind: str, dx_TI: Tensor, grad_TO: Tensor, stored: list[Tensor]) -> None:
    """dx += dy W where it lies; not for fp8, whose kernel cannot add."""
    dx_TI.addmm_(grad_TO, _dense(kind, stored, grad_TO.dtype))


def gradient_parts(kind: str, grad_TO: Tensor, stored: list[Tensor]) -> list[Tensor]:
    """For fp8: the weight's row scales fold into the gradient, which is then quantised itself."""
    if kind != "fp8":
        return []
    return list(quantise_rows_fp8(grad_TO.float() * stored[1].t()))


def _dense(kind: str, stored: list[Tensor], dtype: torch.dtype) -> Tensor:
    return int8_dense(stored[0], stored[1], dtype) if kind == "int8" else stored[0]


# Schemas are written out: torch before 2.7 cannot read list[Tensor] off a function.
@torch.library.custom_op(
    "dream_sft::frozen_linear",
    mutates_args=(),
    schema="(str kind, Tensor x, Tensor[] x_parts, Tensor[] stored) -> Tensor",
)
def frozen_linear(kind: str, x_TI: Tensor, x_parts: list[Tensor], stored: list[Tensor]) -> Tensor:
    """y [T, O] in x's dtype."""
    return forward_product(kind, x_TI, x_parts, stored)


@torch.library.custom_op(
    "dream_sft::frozen_gradient",
    mutates_args=(),
    schema="(str kind, Tensor grad, Tensor[] grad_parts, Tensor[] stored) -> Tensor",
)
def frozen_gradient(
    kind: str, grad_TO: Tensor, grad_parts: list[Tensor], stored: list[Tensor]
) -> Tensor:
    """dx [T, I] in dy's dtype."""
    return input_gradient(kind, grad_TO, grad_parts, stored)


def _shape_of(outputs: int) -> Callable[..., Tensor]:
    """How many columns an operator gives: those of this axis of the weight."""

    def fake(kind: str, rows: Tensor, parts: list[Tensor], stored: list[Tensor]) -> Tensor:
        return rows.new_empty(rows.shape[0], stored[0].shape[outputs])

    return fake


frozen_linear.register_fake(_shape_of(0))
frozen_gradient.register_fake(_shape_of(1))


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.kind, _x, x_parts, stored = inputs
    ctx.counts = len(x_parts), len(stored)
    ctx.save_for_backward(*stored)


def _backward(ctx: Any, grad_TO: Tensor) -> tuple[Any, ...]:
    stored = list(ctx.saved_tensors)
    parts = gradient_parts(ctx.kind, grad_TO, stored)
    dx_TI = frozen_gradient(ctx.kind, grad_TO.contiguous(), parts, stored)
    of_parts, of_stored = ctx.counts
    return None, dx_TI, [None] * of_parts, [None] * of_stored


frozen_linear.register_autograd(_backward, setup_context=_keep)
