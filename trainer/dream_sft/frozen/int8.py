"""A frozen weight in one int8 copy, turned into the compute dtype for each product.

For cards without fp8 (SM80 to SM86: A100, A800, A10, RTX 3090). Shape letters: T rows, I inputs,
O outputs. The dense weight lives only while its own product runs, in the backward pass again. The
products are operators of their own, so that compiled code calls them as they are.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_LARGEST = 127.0


def quantise_rows(weight_OI: Tensor) -> tuple[Tensor, Tensor]:
    """int8 [O, I] and the float32 scale [O, 1] of each row, rounded to the nearest."""
    wide = weight_OI.float()
    scale_O1 = wide.abs().amax(dim=-1, keepdim=True).clamp(min=1e-12) / _LARGEST
    return (wide / scale_O1).round().clamp(-_LARGEST, _LARGEST).to(torch.int8), scale_O1


@torch.library.custom_op("dream_sft::int8_product", mutates_args=())
def int8_product(x_TI: Tensor, weight_OI: Tensor, scale_O1: Tensor) -> Tensor:
    """x W^T [T, O] in x's dtype."""
    return x_TI @ _dense(weight_OI, scale_O1, x_TI.dtype).t()


@int8_product.register_fake
def _(x_TI: Tensor, weight_OI: Tensor, scale_O1: Tensor) -> Tensor:
    return x_TI.new_empty(x_TI.shape[0], weight_OI.shape[0])


@torch.library.custom_op("dream_sft::int8_gradient", mutates_args=())
def int8_gradient(grad_TO: Tensor, weight_OI: Tensor, scale_O1: Tensor) -> Tensor:
    """dx = dy W [T, I]."""
    return grad_TO @ _dense(weight_OI, scale_O1, grad_TO.dtype)


@int8_gradient.register_fake
def _(grad_TO: Tensor, weight_OI: Tensor, scale_O1: Tensor) -> Tensor:
    return grad_TO.new_empty(grad_TO.shape[0], weight_OI.shape[1])


def _keep(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    ctx.save_for_backward(inputs[1], inputs[2])


def _backward(ctx: Any, grad_TO: Tensor) -> tuple[Tensor | None, ...]:
    weight_OI, scale_O1 = ctx.saved_tensors
    return int8_gradient(grad_TO, weight_OI, scale_O1), None, None


int8_product.register_autograd(_backward, setup_context=_keep)


def _dense(weight_OI: Tensor, scale_O1: Tensor, dtype: torch.dtype) -> Tensor:
    # In the compute dtype at once: a float32 copy would be twice as large, for bits that go.
    return weight_OI.to(dtype) * scale_O1.to(dtype)


class Int8Linear(nn.Module):
    """y = x W^T + b with W in int8. Made from a linear layer, whose weight it replaces."""

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
        y_TO: Tensor = int8_product(x.flatten(0, -2), self.weight, self.scale)
        y: Tensor = y_TO.view(*x.shape[:-1], self.out_features)
        return y if self.bias is None else y + self.bias

    def dense(self) -> Tensor:
        """The weight in float32, as the products see it."""
        return self.weight.float() * self.scale
