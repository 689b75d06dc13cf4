from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from dream_sft.model.network import Dream
from dream_sft.model.weights import load_dream
from tests.model.small import small_dream

# Logits reach 6 and are sums of some hundred float32 products: 1e-5 is round-off.
ROUND_OFF = {"rtol": 1e-5, "atol": 2e-5}


@torch.no_grad()
def test_logits_equal_the_official_ones_with_full_attention(parity: Path) -> None:
    expected = load_file(parity / "expected.safetensors")
    logits = load_dream(parity)(expected["full.input_ids"])
    torch.testing.assert_close(logits, expected["full.logits"], **ROUND_OFF)


@torch.no_grad()
def test_logits_equal_the_official_ones_with_left_padding(parity: Path) -> None:
    expected = load_file(parity / "expected.safetensors")
    keep_BL = expected["leftpad.attention_mask"].bool()
    assert not keep_BL.all()
    logits = load_dream(parity)(expected["leftpad.input_ids"], keep_BL=keep_BL)
    torch.testing.assert_close(logits[keep_BL], expected["leftpad.logits"][keep_BL], **ROUND_OFF)
    assert logits.isfinite().all()


def test_28_layers_have_the_339_published_names() -> None:
    with torch.device("meta"):
        names = set(small_dream_on_meta(28).state_dict())
    layer = {f"self_attn.{p}_proj.{k}" for p in "qkv" for k in ("weight", "bias")}
    layer |= {f"mlp.{p}_proj.weight" for p in ("gate", "up", "down")} | {"self_attn.o_proj.weight"}
    layer |= {"input_layernorm.weight", "post_attention_layernorm.weight"}
    outside = {"model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"}
    assert names == outside | {f"model.layers.{n}.{k}" for n in range(28) for k in layer}
    assert len(names) == 339


def small_dream_on_meta(layers: int) -> Dream:
    return Dream(replace(small_dream().config, num_hidden_layers=layers))


@torch.no_grad()
def test_attention_looks_both_ways_and_not_at_pads() -> None:
    model = small_dream()
    ids_BL = torch.arange(1, 9)[None]
    changed_BL = ids_BL.clone()
    changed_BL[0, -1] = 20
    assert not torch.allclose(model(ids_BL)[0, 0], model(changed_BL)[0, 0])
    keep_BL = torch.ones_like(ids_BL, dtype=torch.bool)
    keep_BL[0, -1] = False
    alone, padded = (model(x, keep_BL=keep_BL)[0, :-1] for x in (ids_BL, changed_BL))
    torch.testing.assert_close(alone, padded, rtol=0, atol=0)


@torch.no_grad()
def test_a_row_of_pads_alone_stays_finite() -> None:
    keep_BL = torch.tensor([[False] * 4, [True] * 4])
    assert small_dream()(torch.ones(2, 4, dtype=torch.int64), keep_BL=keep_BL).isfinite().all()


def test_gradients_stay_finite_with_pads() -> None:
    model = small_dream()
    keep_BL = torch.tensor([[False, False, True, True], [True] * 4])
    model(torch.ones(2, 4, dtype=torch.int64), keep_BL=keep_BL).square().sum().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name


@torch.no_grad()
def test_rotary_table_survives_casts_and_the_meta_device() -> None:
    model = small_dream()
    table = model.model.rotary.inv_freq.clone()
    assert torch.equal(model.to(torch.bfloat16).model.rotary.inv_freq, table)
    with torch.device("meta"):
        empty = Dream(model.config)
    assert torch.equal(empty.to_empty(device="cpu").model.rotary.inv_freq, table)


def test_the_end_token_embedding_gets_no_gradient_as_published() -> None:
    model = small_dream()
    model(torch.tensor([[1, 38, 2]])).sum().backward()
    grad = model.model.embed_tokens.weight.grad
    assert grad is not None and not grad[38].any() and grad[1].any()
