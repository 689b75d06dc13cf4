"""LoRA's products: against their definition, and one operator for q, k, v against one each."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from dream_sft.adapters.lora import (
    LoraLinear,
    add_lora,
    products_of_one_input,
    trainable,
)
from dream_sft.frozen import lora_products
from dream_sft.frozen.linear import Fp8Linear, FrozenLinear, Int8Linear
from dream_sft.frozen.storage import freeze
from dream_sft.model.network import Dream, Linear, one_by_one
from dream_sft.train.compilation import compile_layers
from tests.model.small import small_dream

STORAGES = [FrozenLinear, Fp8Linear, Int8Linear]
SETTINGS = {
    "rank": 3,
    "alpha": 6,
    "modules": [f"{name}_proj" for name in ("q", "k", "v", "o", "gate", "up", "down")],
}
IDS_BL = torch.arange(1, 25).view(2, 12)


def layers(
    storage: type[FrozenLinear], outputs: tuple[int, ...], dtype: torch.dtype = torch.float32
) -> list[LoraLinear]:
    torch.manual_seed(5)
    made = []
    for number, size in enumerate(outputs):
        linear = Linear(48, size, bias=number == 0)
        torch.nn.init.normal_(linear.weight)
        if linear.bias is not None:
            torch.nn.init.normal_(linear.bias)
        layer = LoraLinear(
            storage(linear.to(dtype).requires_grad_(False)), 4, 8.0, torch.device("cpu")
        )
        torch.nn.init.normal_(layer.lora_A)
        torch.nn.init.normal_(layer.lora_B)
        made.append(layer)
    return made


def pulled(
    products: Callable[..., list[Tensor]], made: list[LoraLinear], dtype: torch.dtype
) -> list[Tensor]:
    """Outputs, then the gradients of x and of all factors."""
    draw = torch.Generator().manual_seed(6)
    x = torch.randn(2, 7, 48, generator=draw).to(dtype).requires_grad_()
    outputs = products(made, x)
    pulls = [torch.randn(y.shape, generator=draw).to(y.dtype) for y in outputs]
    factors = [weight for layer in made for weight in (layer.lora_A, layer.lora_B)]
    gradients = torch.autograd.grad(outputs, [x, *factors], pulls)
    return [*(y.detach() for y in outputs), *gradients]


@pytest.mark.parametrize("storage", [FrozenLinear, Int8Linear])
def test_they_equal_their_definition(storage: type[FrozenLinear]) -> None:
    def plainly(made: list[LoraLinear], x: Tensor) -> list[Tensor]:
        return [
            torch.nn.functional.linear(x, layer.base.dense(), layer.base.bias)
            + layer.scale * (x @ layer.lora_A.t()) @ layer.lora_B.t()
            for layer in made
        ]

    made = layers(storage, (32, 8, 16))
    for found, wanted in zip(
        pulled(products_of_one_input, made, torch.float32),
        pulled(plainly, made, torch.float32),
        strict=True,
    ):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("outputs", [(32,), (32, 8, 16), (24, 24)])
@pytest.mark.parametrize("storage", STORAGES)
def test_one_operator_equals_one_each(
    storage: type[FrozenLinear], outputs: tuple[int, ...], dtype: torch.dtype
) -> None:
    made = layers(storage, outputs, dtype)
    together = pulled(products_of_one_input, made, dtype)
    apart = pulled(one_by_one, made, dtype)
    assert together[len(outputs) + 1].dtype == torch.float32, "factors' gradients stay float32"
    # Only the order of adding differs: of dx's summands, and within products of another width.
    round_off = 1e-5 if dtype == torch.float32 else 2e-2
    for found, wanted in zip(together, apart, strict=True):
        assert float((found - wanted).norm()) <= round_off * float(wanted.norm())


def test_a_projection_without_factors_is_left_alone() -> None:
    made = [*layers(FrozenLinear, (8,)), layers(FrozenLinear, (8,))[0].base]
    x = torch.randn(3, 48)
    for found, wanted in zip(products_of_one_input(made, x), one_by_one(made, x), strict=True):
        assert torch.equal(found, wanted)


def lora_model(storage: str) -> Dream:
    model = small_dream()
    freeze(model, storage, torch.device("cpu"))
    add_lora(model, SETTINGS, seed=1)
    draw = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, weight in trainable(model).items():
            if name.endswith("lora_B"):
                weight.copy_(torch.randn(weight.shape, generator=draw) * 0.1)
    return model


def gradients(model: Dream) -> dict[str, Tensor]:
    model.zero_grad()
    hidden_BLD = model.hidden(IDS_BL)
    pull = torch.randn(hidden_BLD.shape, generator=torch.Generator().manual_seed(9))
    hidden_BLD.backward(pull)  # type: ignore[no-untyped-call]
    return {
        name: weight.grad for name, weight in trainable(model).items() if weight.grad is not None
    }


@pytest.mark.parametrize("storage", ["fp32", "int8"])
def test_a_model_that_shares_inputs_has_the_same_factors_and_gradients(storage: str) -> None:
    apart, shared = lora_model(storage), lora_model(storage)
    for layer in apart.layers():
        layer.self_attn.products = layer.mlp.products = one_by_one
    wanted, found = gradients(apart), gradients(shared)
    assert list(found) == list(wanted)
    assert len(found) == 2 * 7 * len(apart.layers())
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-4, atol=1e-4, msg=name)


@pytest.mark.skipif(
    os.environ.get("DREAM_SFT_SLOW") != "1", reason="slow: DREAM_SFT_SLOW=1 runs it"
)
def test_it_compiles_once_for_all_layers() -> None:
    """Without a break in the graph, and with the numbers of eager code."""
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    eager, compiled = lora_model("fp8"), lora_model("fp8")
    compile_layers(compiled)
    wanted, found = gradients(eager), gradients(compiled)
    for name, gradient in found.items():
        # fp8 rounds what compiled code computes in another order: neighbours of 2^-4.
        assert float((gradient - wanted[name]).norm()) <= 0.02 * float(wanted[name].norm()), name
    assert not counters["graph_break"]
    assert counters["stats"]["unique_graphs"] == 3


def test_products_wider_than_their_factors_are_asked_for_only_where_torch_has_them() -> None:
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    assert lora_products._mm_widens() == (version >= (2, 8))
