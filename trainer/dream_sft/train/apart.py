"""A forward pass whose autograd graph ends with its backward pass, however long its result lives.

A graph keeps one AccumulateGrad node for each weight, bound to the stream on which it was made, and
a later pass takes the living node. While a first row's loss is still held somewhere, recording the
next row as a CUDA graph would thus add gradients on another stream than the recorded one, which
ends the recording (torch warns: "AccumulateGrad node's stream does not match").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def compute_apart(anchor: Tensor, compute: Callable[[], Tensor]) -> Tensor:
    """What `compute` returns; a backward pass through it adds to the weights' gradients.

    `anchor` is any tensor that needs a gradient, so that autograd asks for the backward pass.
    """
    result: Tensor = _Apart.apply(anchor, compute)  # type: ignore[no-untyped-call]
    return result


class _Apart(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, anchor: Tensor, compute: Callable[[], Tensor]) -> Tensor:
        with torch.enable_grad():
            ctx.inner = compute()
        inner: Tensor = ctx.inner
        return inner.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[None, None]:
        inner, ctx.inner = ctx.inner, None
        inner.backward(grad)
        return None, None
