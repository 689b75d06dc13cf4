"""A projection whose weight is frozen: one storage each, the same interface."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from dream_sft.frozen.products import frozen_linear, int8_dense, quantise_rows_fp8

_LARGEST_INT8 = 127.0
# Float32 copies of a weight are made of as many rows at a time as fit in here.
_BLOCK_BYTES = 16 * 1024 * 1024

# Rows [N, I] of a weight to what is kept of them, and their float32 scales [N, 1].
QuantiseRows = Callable[[Tensor], tuple[Tensor, Tensor]]


def quantise_rows_int8(weight_NI: Tensor) -> tuple[Tensor, Tensor]:
    """int8 [N, I] and the float32 scale [N, 1] of each row: weight ≈ int8 * scale."""
    wide = weight_NI.float()
    scale_N1 = wide.abs().amax(dim=-1, keepdim=True).clamp(min=1e-12) / _LARGEST_INT8
    rounded = (wide / scale_N1).round().clamp(-_LARGEST_INT8, _LARGEST_INT8)
    return rounded.to(torch.int8), scale_N1


def _by_blocks(weight_OI: Tensor, quantise: QuantiseRows) -> tuple[Tensor, Tensor]:
    """All rows, which do not depend on one another, so that no whole float32 copy exists."""
    rows = max(1, _BLOCK_BYTES // (4 * weight_OI.shape[1]))
    parts = [quantise(block) for block in torch.split(weight_OI, rows)]
    # As bytes: not every torch joins float8.
    kept_OI = torch.cat([kept.view(torch.uint8) for kept, _ in parts]).view(parts[0][0].dtype)
    return kept_OI, torch.cat([scale for _, scale in parts])


class FrozenLinear(nn.Module):
    """y = x W^T + b. Made from a linear layer, whose weight it takes over."""

    kind = "dense"
    weight: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.bias = linear.bias
        self._store(linear.weight.detach())

    def _store(self, weight_OI: Tensor) -> None:
        self.register_buffer("weight", weight_OI, persistent=False)

    def stored(self) -> list[Tensor]:
        """What is kept of the weight (products.py)."""
        return [self.weight]

    def parts(self, x_TI: Tensor) -> list[Tensor]:
        """x as the product wants it besides x itself (products.py)."""
        return []

    def dense(self) -> Tensor:
        """The weight in float32, as the products see it."""
        return self.weight.float()

    def forward(self, x: Tensor) -> Tensor:
        x_TI = x.flatten(0, -2)
        y_TO: Tensor = frozen_linear(self.kind, x_TI, self.parts(x_TI), self.stored())
        y: Tensor = y_TO.view(*x.shape[:-1], self.out_features)
        return y if self.bias is None else y + self.bias


class Fp8Linear(FrozenLinear):
    """One fp8 copy, multiplied in fp8 (SM89 and newer).

    Forward: rows of x and rows of W are scaled to the range of float8 e4m3. Backward:
    dx = dy W = (dy diag(s)) Wq: the weight's row scales s fold into the gradient, which is then
    scaled by rows itself, and the same fp8 bytes serve, transposed on the fly.
    """

    kind = "fp8"
    scale: Tensor

    def _store(self, weight_OI: Tensor) -> None:
        weight8_OI, scale_O1 = _by_blocks(weight_OI, quantise_rows_fp8)
        self.register_buffer("weight", weight8_OI, persistent=False)
        self.register_buffer("scale", scale_O1, persistent=False)

    def stored(self) -> list[Tensor]:
        return [self.weight, self.scale]

    def parts(self, x_TI: Tensor) -> list[Tensor]:
        return list(quantise_rows_fp8(x_TI.detach()))

    def dense(self) -> Tensor:
        return self.weight.float() * self.scale


class Int8Linear(FrozenLinear):
    """One int8 copy with a scale a row, made dense for each product and no longer.

    For cards without fp8 (SM80 to SM86: A100, A800, A10, RTX 3090).
    """

    kind = "int8"
    scale: Tensor

    def _store(self, weight_OI: Tensor) -> None:
        weight8_OI, scale_O1 = _by_blocks(weight_OI, quantise_rows_int8)
        self.register_buffer("weight", weight8_OI, persistent=False)
        self.register_buffer("scale", scale_O1, persistent=False)

    def stored(self) -> list[Tensor]:
        return [self.weight, self.scale]

    def dense(self) -> Tensor:
        return int8_dense(self.weight, self.scale, torch.float32)
