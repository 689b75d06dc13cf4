"""Products with a frozen weight, and with LoRA's factors added in place.

Shape letters: T rows, I inputs, O outputs, R rank.

y = x W^T + (x A^T) B^T, where A already carries alpha / r. Written as operators of their own:
compiled code calls them as they are, and the thin product is added into y where it lies, which
otherwise costs a copy of every output. Their backward gives dx, and dA and dB in float32:
dh = dy B, dx = dy W + dh A, dA = dh^T x, dB = dy^T h with h = x A^T.
"""

from __future__ import annotations

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


def _forward(kind: str, x_TI: Tensor, frozen: list[Tensor]) -> Tensor:
    """x W^T; `frozen` is what the storage keeps, for fp8 after x in fp8 and its scales."""
    if kind == "fp8":
        x8_TI, scale_T1, weight_OI, scale_O1 = frozen
        return fp8_product(x8_TI, scale_T1, weight_OI, scale_O1, x_TI.dtype)
    if kind == "int8":
        return x_TI @ int8_dense(frozen[0], frozen[1], x_TI.dtype).t()
    return x_TI @ frozen[0].t()


def _input_gradient(kind: str, grad_TO: Tensor, frozen: list[Tensor]) -> Tensor:
    """dy W; `frozen` as in `_forward`, for fp8 with dy diag(s) in fp8 instead of x."""
    if kind == "fp8":
        grad8_TO, scale_T1, weight_OI, _scale_O1 = frozen
        ones = torch.ones(weight_OI.shape[1], 1, device=grad_TO.device)
        return fp8_product(grad8_TO, scale_T1, transposed(weight_OI), ones, grad_TO.dtype)
    if kind == "int8":
        return grad_TO @ int8_dense(frozen[0], frozen[1], grad_TO.dtype)
    return grad_TO @ frozen[0]


@torch.library.custom_op("dream_sft::frozen_linear", mutates_args=())
def frozen_linear(kind: str, x_TI: Tensor, frozen: list[Tensor]) -> Tensor:
    return _forward(kind, x_TI, frozen)


@frozen_linear.register_fake
def _(kind: str, x_TI: Tensor, frozen: list[Tensor]) -> Tensor:
    return x_TI.new_empty(x_TI.shape[0], _weight(kind, frozen).shape[0])


@torch.library.custom_op("dream_sft::frozen_gradient", mutates_args=())
def frozen_gradient(kind: str, grad_TO: Tensor, frozen: list[Tensor]) -> Tensor:
    return _input_gradient(kind, grad_TO, frozen)


@frozen_gradient.register_fake
def _(kind: str, grad_TO: Tensor, frozen: list[Tensor]) -> Tensor:
    return grad_TO.new_empty(grad_TO.shape[0], _weight(kind, frozen).shape[1])


@torch.library.custom_op("dream_sft::lora_linear", mutates_args=())
def lora_linear(
    kind: str, x_TI: Tensor, frozen: list[Tensor], lora_A: Tensor, lora_B: Tensor
) -> tuple[Tensor, Tensor]:
    """y [T, O] and h [T, R], both in x's dtype."""
    y_TO = _forward(kind, x_TI, frozen)
    h_TR = x_TI @ lora_A.to(x_TI.dtype).t()
    return y_TO.addmm_(h_TR, lora_B.to(x_TI.dtype).t()), h_TR


@lora_linear.register_fake
def _(
    kind: str, x_TI: Tensor, frozen: list[Tensor], lora_A: Tensor, lora_B: Tensor
) -> tuple[Tensor, Tensor]:
    rows = x_TI.shape[0]
    return x_TI.new_empty(rows, lora_B.shape[0]), x_TI.new_empty(rows, lora_A.shape[0])


@torch.library.custom_op("dream_sft::lora_gradients", mutates_args=())
def lora_gradients(
    kind: str,
    grad_TO: Tensor,
    frozen: list[Tensor],
    x_TI: Tensor,
    h_TR: Tensor,
    lora_A: Tensor,
    lora_B: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """dx in dy's dtype, dA and dB in float32."""
    dh_TR = grad_TO @ lora_B.to(grad_TO.dtype)
    dx_TI = _input_gradient(kind, grad_TO, frozen).addmm_(dh_TR, lora_A.to(grad_TO.dtype))
    return dx_TI, _wide_product(dh_TR.t(), x_TI), _wide_product(grad_TO.t(), h_TR)


@lora_gradients.register_fake
def _(
    kind: str,
    grad_TO: Tensor,
    frozen: list[Tensor],
    x_TI: Tensor,
    h_TR: Tensor,
    lora_A: Tensor,
    lora_B: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    return torch.empty_like(x_TI), torch.empty_like(lora_A), torch.empty_like(lora_B)


def _wide_product(left: Tensor, right: Tensor) -> Tensor:
    """left @ right, summed and returned in float32."""
    if left.dtype == torch.float32:
        return left @ right
    if left.device.type == "cuda":
        return torch.mm(left, right, out_dtype=torch.float32)
    return left.float() @ right.float()


def _weight(kind: str, frozen: list[Tensor]) -> Tensor:
    return frozen[2] if kind == "fp8" else frozen[0]


def _for_backward(kind: str, grad_TO: Tensor, kept: list[Tensor]) -> list[Tensor]:
    """For fp8: the weight's row scales fold into the gradient, which is then quantised itself."""
    if kind != "fp8":
        return kept
    weight_OI, scale_O1 = kept
    return [*quantise_rows_fp8(grad_TO.float() * scale_O1.t()), weight_OI, scale_O1]


def _kept(kind: str, frozen: list[Tensor]) -> list[Tensor]:
    return frozen[2:] if kind == "fp8" else frozen


def _keep_frozen(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    kind, _x, frozen = inputs
    ctx.kind, ctx.count = kind, len(frozen)
    ctx.save_for_backward(*_kept(kind, frozen))


def _frozen_backward(ctx: Any, grad_TO: Tensor) -> tuple[Any, ...]:
    frozen = _for_backward(ctx.kind, grad_TO, list(ctx.saved_tensors))
    grad_TO = grad_TO.contiguous()
    return None, frozen_gradient(ctx.kind, grad_TO, frozen), [None] * ctx.count


def _keep_lora(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    kind, x_TI, frozen, lora_A, lora_B = inputs
    ctx.kind, ctx.count = kind, len(frozen)
    ctx.save_for_backward(x_TI, output[1], lora_A, lora_B, *_kept(kind, frozen))


def _lora_backward(ctx: Any, grad_TO: Tensor, _grad_h: Tensor) -> tuple[Any, ...]:
    x_TI, h_TR, lora_A, lora_B, *kept = ctx.saved_tensors
    frozen = _for_backward(ctx.kind, grad_TO, kept)
    dx_TI, grad_A, grad_B = lora_gradients(
        ctx.kind, grad_TO.contiguous(), frozen, x_TI, h_TR, lora_A, lora_B
    )
    return None, dx_TI, [None] * ctx.count, grad_A, grad_B


frozen_linear.register_autograd(_frozen_backward, setup_context=_keep_frozen)
lora_linear.register_autograd(_lora_backward, setup_context=_keep_lora)
