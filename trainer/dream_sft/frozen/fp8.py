"""A frozen weight in one fp8 copy, multiplied in fp8 (SM89 and newer).

Shape letters: T rows, I inputs, O outputs.

Forward: rows of x and rows of W are scaled to the range of float8 e4m3; the product is scaled
back by both. Backward: dx = dy W = (dy diag(s)) Wq, so the weight's row scales s fold into the
gradient, which is then scaled by rows itself, and the same fp8 bytes serve, transposed on the fly.

The products are operators of their own, so that compiled code calls them as they are.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

FP8 = torch.float8_e4m3fn
_LARGEST = 448.0  # of e4m3fn


def quantise_rows(x_TI: Tensor) -> tuple[Tensor, Tensor]:
    """x as fp8 [T, I] and the float32 scale [T, 1] of each row: x ≈ fp8 * scale."""
    wide = x_TI.float()
    scale_T1 = wide.abs().amax(dim=-1, keepdim=True).clamp(min=1e-12) / _LARGEST
    return (wide / scale_T1).clamp(-_LARGEST, _LARGEST).to(FP8), scale_T1


@torch.library.custom_op("dream_sft::fp8_product", mutates_args=())
def fp8_product(
    x_TI: Tensor, x8_TI: Tensor, scale_T1: Tensor, weight_OI: Tensor, scale_O1: Tensor
) -> Tensor:
    """x W^T [T, O] in x's dtype; `x_TI` itself only carries the gradient."""
    return _scaled_product(x8_TI, weight_OI.t(), scale_T1, scale_O1.t(), x_TI.dtype)


@fp8_product.register_fake
def _(x_TI: Tensor, x8_TI: Tensor, scale_T1: Tensor, weight_OI: Tensor, scale_O1: Tensor) -> Tensor:
    return x_TI.new_empty(x_TI.shape[0], weight_OI.shape[0])


@torch.library.custom_op("dream_sft::fp8_gradient", mutates_args=())
def fp8_gradient(grad8_TO: Tensor, scale_T1: Tensor, weight_OI: Tensor, like: Tensor) -> Tensor:
    """dx [T, I] of a gradient already scaled by the weight's rows, in `like`'s dtype."""
    # The kernel wants its right side column by column.
    right_OI = weight_OI.t().contiguous().t()
    one_1I = torch.ones(1, weight_OI.shape[1], device=weight_OI.device)
    return _scaled_product(grad8_TO, right_OI, scale_T1, one_1I, like.dtype)


@fp8_gradient.register_fake
def _(grad8_TO: Tensor, scale_T1: Tensor, weight_OI: Tensor, like: Tensor) -> Tensor:
    return like.new_empty(grad8_TO.shape[0], weight_OI.shape[1])


def _keep(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    ctx.save_for_backward(inputs[3], inputs[4])


def _backward(ctx: Any, grad_TO: Tensor) -> tuple[Tensor | None, ...]:
    weight_OI, scale_O1 = ctx.saved_tensors
    grad8_TO, scale_T1 = quantise_rows(grad_TO.float() * scale_O1.t())
    return fp8_gradient(grad8_TO, scale_T1, weight_OI, grad_TO), None, None, None, None


fp8_product.register_autograd(_backward, setup_context=_keep)


def _scaled_product(
    left: Tensor, right: Tensor, scale_left: Tensor, scale_right: Tensor, dtype: torch.dtype
) -> Tensor:
    if left.device.type != "cuda":  # the same numbers without the kernel: for tests
        return ((left.float() @ right.float()) * scale_left * scale_right).to(dtype)
    return torch._scaled_mm(
        left,
        right,
        scale_a=scale_left,
        scale_b=scale_right.contiguous(),
        out_dtype=dtype,
        use_fast_accum=True,
    )


class Fp8Linear(nn.Module):
    """y = x W^T + b with W in fp8. Made from a linear layer, whose weight it replaces."""

    weight: Tensor
    scale: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight, scale = quantise_rows(linear.weight.detach())
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.bias = linear.bias
        self.in_features, self.out_features = linear.in_features, linear.out_features

    def forward(self, x: Tensor) -> Tensor:
        x_TI = x.flatten(0, -2)
        x8_TI, scale_T1 = quantise_rows(x_TI.detach())
        y_TO: Tensor = fp8_product(x_TI, x8_TI, scale_T1, self.weight, self.scale)
        y: Tensor = y_TO.view(*x.shape[:-1], self.out_features)
        return y if self.bias is None else y + self.bias

    def dense(self) -> Tensor:
        """The weight in float32, as the products see it."""
        return self.weight.float() * self.scale
