"""Recorded layers give the bits of layers that are asked for one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from dream_sft.adapters.lora import add_lora, trainable
from dream_sft.frozen.storage import freeze
from dream_sft.model import cudnn_attention
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.network import Dream, init_weights
from dream_sft.train import graphed_layers
from dream_sft.train.compilation import compile_layers
from dream_sft.train.graphed_layers import GraphedLayers
from dream_sft.train.recompute import recompute_layers
from tests.model.small import small_dream

LORA = {"rank": 4, "alpha": 8, "modules": ["q_proj", "v_proj", "up_proj", "down_proj"]}
ROWS = ([100, 28], [60, 60, 8], [200, 40, 16], [128], [90, 38], [250, 6])

pytestmark = pytest.mark.skipif(
    not (torch.cuda.is_available() and cudnn_attention.usable(64)),
    reason="needs an NVIDIA card, cuDNN and nvidia-cudnn-frontend",
)


def model_on_card(share: float) -> Dream:
    config = replace(
        small_dream().config, hidden_size=256, num_attention_heads=4, num_key_value_heads=2
    )
    model = Dream(config)
    init_weights(model, 3)
    model = model.to("cuda", torch.bfloat16)
    freeze(model, "bf16", torch.device("cuda"))
    add_lora(model, LORA, 5)
    for name, weight in trainable(model).items():
        weight.data.normal_(0, 0.1, generator=torch.Generator("cuda").manual_seed(len(name)))
        weight.grad = torch.zeros_like(weight)
    model.packed_kernel = "cudnn"
    compile_layers(model)
    recompute_layers(model, share)
    return model


def row(lengths: list[int], seed: int) -> tuple[Tensor, Tensor, DocumentBounds, Tensor]:
    draw = torch.Generator("cuda").manual_seed(seed)
    total = sum(lengths)
    ids_BL = torch.randint(0, 40, (1, total), device="cuda", generator=draw)
    positions_BL = torch.cat([torch.arange(n, device="cuda") for n in lengths])[None]
    grad_BLD = torch.randn(1, total, 256, device="cuda", generator=draw).to(torch.bfloat16)
    return ids_BL, positions_BL, DocumentBounds.of(lengths, "cuda"), grad_BLD


def run(
    share: float, *, graphed: bool, reserved: list[int] | None = None
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Hidden rows of each row, and gradients summed over all rows; into `reserved` what torch
    holds after each round."""
    torch.use_deterministic_algorithms(True)
    model = model_on_card(share)
    layers = GraphedLayers(model, 256) if graphed else None
    found = []
    # Recorded in the first round, replayed in the second.
    for _ in range(2 if reserved is None else 4):
        for seed, lengths in enumerate(ROWS):
            ids_BL, positions_BL, bounds, grad_BLD = row(lengths, seed)
            if layers is not None:
                hidden_BLD = layers.hidden(ids_BL, positions_BL, bounds)
            else:
                hidden_BLD = model.hidden(ids_BL, positions_BL=positions_BL, bounds=bounds)
            found.append(hidden_BLD.detach().clone())
            hidden_BLD.backward(grad_BLD)  # type: ignore[no-untyped-call]
        if reserved is not None:
            torch.cuda.empty_cache()
            reserved.append(torch.cuda.memory_reserved())
            assert layers is None or len(layers._recorded) <= graphed_layers.MOST_RECORDINGS
    torch.use_deterministic_algorithms(False)
    gradients = {name: w.grad.clone() for name, w in trainable(model).items() if w.grad is not None}
    return found, gradients


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_replay_gives_the_same_bits(share: float) -> None:
    hidden, gradients = run(share, graphed=False)
    replayed, replayed_gradients = run(share, graphed=True)
    assert all(torch.equal(one, other) for one, other in zip(hidden, replayed, strict=True))
    assert gradients.keys() == replayed_gradients.keys()
    assert all(torch.equal(gradients[name], replayed_gradients[name]) for name in gradients)
    assert all(float(gradient.abs().max()) > 0 for gradient in gradients.values())


def test_more_rows_than_are_kept_give_the_same_bits_in_no_more_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of six rows and the longest two are kept, so every one is recorded anew in each round.
    monkeypatch.setattr(graphed_layers, "MOST_RECORDINGS", 2)
    plain: list[int] = []
    hidden, gradients = run(0.0, graphed=False, reserved=plain)
    held: list[int] = []
    replayed, replayed_gradients = run(0.0, graphed=True, reserved=held)
    assert all(torch.equal(one, other) for one, other in zip(hidden, replayed, strict=True))
    assert all(torch.equal(gradients[name], replayed_gradients[name]) for name in gradients)
    # Results of each round are kept in `found`, in either run.
    grown = [after - before for before, after in pairwise(held)]
    assert grown[-1] <= max(after - before for before, after in pairwise(plain)) + (2 << 20)


def test_what_recordings_took_returns_when_they_are_made_anew() -> None:
    model = model_on_card(0.0)
    layers = GraphedLayers(model, 4096)
    torch.cuda.empty_cache()
    base = torch.cuda.memory_reserved()
    held = []
    for share in (0.0, 1.0):
        recompute_layers(model, share)
        for _ in range(3):
            ids_BL, positions_BL, bounds, grad_BLD = row([4000, 96], 0)
            layers.hidden(ids_BL, positions_BL, bounds).backward(grad_BLD)  # type: ignore[no-untyped-call]
        del ids_BL, positions_BL, bounds, grad_BLD
        torch.cuda.empty_cache()
        held.append(torch.cuda.memory_reserved() - base)
    # With all layers computed again a pool holds less; the old one would be there beside it.
    assert 0 < held[1] < held[0]


def test_a_row_of_fewer_documents_is_replayed_by_a_wider_recording_of_its_length() -> None:
    model = model_on_card(0.0)
    layers = GraphedLayers(model, 256)
    for seed, lengths in enumerate(([60, 60, 8], [60, 60, 8], [100, 28], [90, 38])):
        ids_BL, positions_BL, bounds, grad_BLD = row(lengths, seed)
        for weight in trainable(model).values():
            assert weight.grad is not None
            weight.grad.zero_()
        layers.hidden(ids_BL, positions_BL, bounds).backward(grad_BLD)  # type: ignore[no-untyped-call]
        found = {name: w.grad.clone() for name, w in trainable(model).items() if w.grad is not None}
        for weight in trainable(model).values():
            assert weight.grad is not None
            weight.grad.zero_()
        plain_BLD = model.hidden(ids_BL, positions_BL=positions_BL, bounds=bounds)
        plain_BLD.backward(grad_BLD)  # type: ignore[no-untyped-call]
        for name, weight in trainable(model).items():
            assert weight.grad is not None
            scale = float(weight.grad.abs().max())
            torch.testing.assert_close(found[name], weight.grad, rtol=0, atol=0.02 * scale)
        # Its graph holds the gradients' accumulators of this stream, which a capture may not touch.
        del plain_BLD
    # The longest row, which fills the pool, and the first of three documents.
    assert len(layers._recorded) == 2


def test_recomputation_settled_later_is_recorded_anew() -> None:
    model = model_on_card(1.0)
    layers = GraphedLayers(model, 256)
    for share in (1.0, 0.0):
        recompute_layers(model, share)
        for _ in range(3):
            ids_BL, positions_BL, bounds, grad_BLD = row([100, 28], 0)
            layers.hidden(ids_BL, positions_BL, bounds).backward(grad_BLD)  # type: ignore[no-untyped-call]
    # The row, and the longest one that was recorded before it, of the last setting.
    assert len(layers._recorded) == 2
