"""Gradients on their way to the optimizer: applied when found finite, while the next are computed.

To read a number from a GPU is to wait for all that it was given before. So the sum of squares of
one part's gradient is copied to the host in passing and read when the next part's work has been
handed over: the GPU always has something to do, at the price of two parts' gradients in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from dream_sft.io.errors import DivergedError
from dream_sft.train.exact_adamw import squared_norm


class HostNumber:
    """A number of a device, for the host to read later."""

    def __init__(self, scalar: Tensor) -> None:
        self._copied: torch.cuda.Event | None = None
        self._value = scalar
        if scalar.is_cuda:
            self._value = torch.empty((), dtype=scalar.dtype, pin_memory=True)
            self._value.copy_(scalar, non_blocking=True)
            self._copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._copied.record()

    def read(self) -> float:
        """Waits for what the device was given before this number, and for nothing after it."""
        if self._copied is not None:
            self._copied.synchronize()
        return float(self._value)


@dataclass(frozen=True)
class _Part:
    name: str
    gradients: dict[Tensor, Tensor]
    square: HostNumber


class CheckedUpdates:
    """Takes the gradients of one part after another, and hands each on once it was found finite."""

    def __init__(
        self,
        update: Callable[[Tensor, Tensor], None],
        diverged: Callable[[str], DivergedError],
    ) -> None:
        """`update` takes a weight and its gradient; `diverged` makes the error to raise."""
        self._update, self._diverged = update, diverged
        self._waiting: _Part | None = None
        self.squares = 0.0

    def put(self, name: str, gradients: dict[Tensor, Tensor]) -> None:
        """Raises the error of `diverged` for the part that came before."""
        part = _Part(name, gradients, HostNumber(squared_norm(gradients.values())))
        self.settle()
        self._waiting = part

    def settle(self) -> None:
        """Applies the part that waits, and counts its squares."""
        if self._waiting is None:
            return
        part, self._waiting = self._waiting, None
        square = part.square.read()
        if not math.isfinite(square):
            raise self._diverged(f"the gradient of {part.name} is not finite")
        self.squares += square
        for weight in list(part.gradients):
            self._update(weight, part.gradients.pop(weight))
