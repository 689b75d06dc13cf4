"""An exact float32 master in 32 bits: the bf16 weight itself and a signed 16-bit remainder.

At a learning rate of 2e-6 an update is far below half a bf16 step, so weights kept in bf16 alone
never move. Here the model computes with the upper half and the optimizer with the whole number.

Let b be the 32 bits of a float32, read as a signed integer. Round half up:
    high = (b + 2^15) >> 16     low = b - 2^16 high,  -2^15 <= low < 2^15
and back b = 2^16 high + low, all modulo 2^32. `low` is b's lower half as it stands, so the map is a
bijection over all 2^32 patterns. For finite values `high` is the bf16 nearest to the value, ties
away from zero. NaN and infinity survive the round trip bit for bit, but the bf16 half alone says
nothing about them: values from 0x1.ff8p127 on round to an infinity, and a NaN may look like an
infinity or a zero. So what must be finite is checked in gradients, never in the bf16 weights.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

EPSILON = 1e-8
Betas = tuple[float, float]


def split(value: Tensor) -> tuple[Tensor, Tensor]:
    """float32 of any shape to its bf16 half and its int16 remainder. Raises TypeError."""
    if value.dtype != torch.float32:
        raise TypeError(f"only float32 can be split, got {value.dtype}")
    high, low = split_bits(value.view(torch.int32))
    return high.view(torch.bfloat16), low


def join(half: Tensor, remainder: Tensor) -> Tensor:
    """The float32 that `split` took apart. Raises TypeError for other than bf16 and int16."""
    if (half.dtype, remainder.dtype) != (torch.bfloat16, torch.int16):
        raise TypeError(f"expected bfloat16 and int16, got {half.dtype} and {remainder.dtype}")
    return join_bits(half.view(torch.int16), remainder).view(torch.float32)


def split_bits(bits: Tensor) -> tuple[Tensor, Tensor]:
    """int32 to (high, low), both int16. Written so that no addition can overflow an int32."""
    low = bits.to(torch.int16)
    high = ((bits >> 16) + ((bits >> 15) & 1)).to(torch.int16)
    return high, low


def join_bits(high: Tensor, low: Tensor) -> Tensor:
    """int16 and int16 to int32; a negative `low` had one added to its `high`."""
    wide = low.to(torch.int32)
    return ((high.to(torch.int32) + (wide >> 15)) << 16) | (wide & 0xFFFF)


def adamw(
    master: Tensor, gradient: Tensor, first: Tensor, second: Tensor, rates: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """One update of float32 entries of one shape: master, first and second moment.

    Loshchilov, Hutter: "Decoupled weight decay regularization", 2019, algorithm 2, with the
    operations of torch.optim.AdamW in their order, so that both give the same bits on the CPU.
    `rates` is what `step_rates` returns. Pure, element by element.
    """
    keep, stride, spread, scale, new_first, keep_second, new_second, epsilon = rates.unbind()
    gradient = gradient * scale
    master = master * keep
    first = first.lerp(gradient, new_first)
    second = (second * keep_second).addcmul(gradient * new_second, gradient)
    return master + (first * stride) / (second.sqrt() / spread + epsilon), first, second


def step_rates(
    learning_rate: float, decay: float, betas: Betas, updates: int, scale: float
) -> Tensor:
    """The numbers of one step, 8 in float32: kept share of the weight, negative step size, root of
    the second bias correction, factor of the gradient (clipping); the gradient's share in the
    first moment; the shares of the old moment and of the square in the second; epsilon.

    A tensor, because the compiler would make inputs in float64 of plain numbers.
    """
    stride = -learning_rate / (1 - betas[0] ** updates)
    spread = (1 - betas[1] ** updates) ** 0.5
    step = [1 - learning_rate * decay, stride, spread, scale]
    shares = [1 - betas[0], betas[1], 1 - betas[1]]
    return torch.tensor([*step, *shares, EPSILON], dtype=torch.float32)


Kernel = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], None]


def update_kernel(*, compiled: bool = False) -> Kernel:
    """f(high, low, gradient, first, second, rates), flat pieces of one length, in place.

    high and low are the int16 halves of the master; gradient and moments may be bf16 or float32
    and are computed with in float32; moments are rounded once, when stored. Compiled, a piece is
    read and written once, without temporaries; the compiler may fuse a product with a sum, so
    its bits differ from the plain kernel's in the last place.
    """

    def update(
        high: Tensor, low: Tensor, gradient: Tensor, first: Tensor, second: Tensor, rates: Tensor
    ) -> None:
        master = join_bits(high, low).view(torch.float32)
        master, new_first, new_second = adamw(
            master, gradient.float(), first.float(), second.float(), rates
        )
        new_high, new_low = split_bits(master.view(torch.int32))
        high.copy_(new_high)
        low.copy_(new_low)
        first.copy_(new_first)
        second.copy_(new_second)

    return torch.compile(update, dynamic=True) if compiled else update
