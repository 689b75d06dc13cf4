"""Frozen projections: their products and input gradients are those of the weight they stand for."""

from __future__ import annotations

import pytest
import torch

from dream_sft.frozen.linear import Fp8Linear, FrozenLinear, Int8Linear
from dream_sft.model.network import Linear

STORAGES = [FrozenLinear, Fp8Linear, Int8Linear]
# Rows of x and of dy are rounded to e4m3, 3 bits of mantissa: 2^-4 an element at most, and much
# less over a sum. int8 and dense products see the stored weight exactly.
ROUNDING = {FrozenLinear: 1e-6, Fp8Linear: 0.04, Int8Linear: 1e-6}


def made(storage: type[FrozenLinear], bias: bool = True) -> tuple[FrozenLinear, torch.Tensor]:
    torch.manual_seed(3)
    linear = Linear(48, 32, bias=bias)
    torch.nn.init.normal_(linear.weight)
    if bias:
        torch.nn.init.normal_(linear.bias)
    original = linear.weight.detach().clone()
    return storage(linear.requires_grad_(False)), original


def relative(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((found - wanted).norm() / wanted.norm())


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("bias", [True, False])
def test_product_and_input_gradient(storage: type[FrozenLinear], bias: bool) -> None:
    layer, _ = made(storage, bias)
    x = torch.randn(2, 5, 48, requires_grad=True)
    y = layer(x)
    pull = torch.randn_like(y)
    y.backward(pull)  # type: ignore[no-untyped-call]
    wanted = x.detach() @ layer.dense().t() + (layer.bias if bias else 0.0)
    assert x.grad is not None
    assert relative(y.detach(), wanted) <= ROUNDING[storage]
    assert relative(x.grad, pull @ layer.dense()) <= ROUNDING[storage]


@pytest.mark.parametrize(("storage", "most"), [(Fp8Linear, 0.03), (Int8Linear, 0.01)])
def test_the_stored_weight_is_near_the_original(storage: type[FrozenLinear], most: float) -> None:
    layer, original = made(storage)
    error = relative(layer.dense(), original)
    assert 0 < error < most


@pytest.mark.parametrize("storage", [Fp8Linear, Int8Linear])
def test_a_row_of_zeros_stays_zero(storage: type[FrozenLinear]) -> None:
    linear = Linear(16, 4, bias=False).requires_grad_(False)
    linear.weight.zero_()
    layer = storage(linear)
    assert not layer.dense().any()
    assert not layer(torch.randn(3, 16)).any()
