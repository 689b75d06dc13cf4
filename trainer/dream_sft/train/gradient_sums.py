"""Sums of gradients over micro-batches, in float32.

torch adds a bf16 tensor to a float32 one by a kernel for any two types, at about half of the
memory's speed (2.2 TB/s of an H200's 4.8): two of a hundred parts of a fused step. Compiled, an
addition reads and writes once at full speed, and its bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

# f(total, gradient): adds in place, to a float32 total, a gradient of any type and the same shape.
AddGradient = Callable[[Tensor, Tensor], None]


def add_gradient(total: Tensor, gradient: Tensor) -> None:
    total.add_(gradient)


def gradient_adder(*, compiled: bool = False) -> AddGradient:
    """`add_gradient`, or what it compiles to: once for tensors of all shapes."""
    if not compiled:
        return add_gradient
    flat = torch.compile(add_gradient, dynamic=True)

    def add(total: Tensor, gradient: Tensor) -> None:
        if total.is_contiguous() and gradient.is_contiguous():
            flat(total.view(-1), gradient.view(-1))
        else:
            add_gradient(total, gradient)

    return add
