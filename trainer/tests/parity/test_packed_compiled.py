"""The official numbers through everything at once: packed rows, compiled layers, chunked head."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch._dynamo.utils import counters

from dream_sft.diffusion.loss import masked_loss
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.network import Dream
from dream_sft.model.weights import load_dream
from dream_sft.train.compilation import compile_layers
from dream_sft.train.methods.accumulation import Accumulation
from tests.diffusion.test_weighting import RULES
from tests.parity.official import assert_official, expected_loss, packed_row

# 2 x 2 parts of a layer and the last norm: one compilation for all tests of this file.
CHUNK = 7


@pytest.fixture(scope="module")
def compiled(parity: Path, compiler: None) -> Dream:
    """Layers as `training.compile` makes them."""
    torch._dynamo.reset()
    counters.clear()
    model = load_dream(parity)
    compile_layers(model)
    return model


@pytest.mark.parametrize("name", RULES)
def test_loss_and_gradient_equal_the_official_ones(
    parity: Path, compiled: Dream, name: str
) -> None:
    expected = expected_loss(parity)
    micro = packed_row(expected, compiled.config, name)
    assert micro.plan.masked > 2 * CHUNK, "the head must be computed in several chunks"
    compiled.zero_grad()
    head = partial(masked_loss, compiled.head, chunk=CHUNK)
    sums = Accumulation(compiled, head, "global", autocast=False).sums(micro)
    loss = sums.total / micro.plan.masked
    loss.backward()  # type: ignore[no-untyped-call]
    assert_official(compiled, loss, expected, name)
    assert counters["stats"]["unique_graphs"] >= 3, "nothing was compiled"
    assert not counters["graph_break"]


@pytest.mark.parametrize("kind", ["full", "leftpad"])
def test_logits_equal_the_official_ones(parity: Path, compiled: Dream, kind: str) -> None:
    """Left pads do not exist in packed rows: the kept tokens alone are the document."""
    expected = load_file(parity / "expected.safetensors")
    ids_BL, logits_BLV = expected[f"{kind}.input_ids"], expected[f"{kind}.logits"]
    keep_BL = torch.ones_like(ids_BL).bool()
    if kind == "leftpad":
        keep_BL = expected["leftpad.attention_mask"].bool()
        assert not keep_BL.all()
    bounds = DocumentBounds.of(keep_BL.sum(dim=1).tolist(), "cpu")
    hidden_1LD = compiled.hidden(ids_BL[keep_BL][None], bounds=bounds)
    torch.testing.assert_close(
        compiled.head(hidden_1LD)[0].detach(), logits_BLV[keep_BL], rtol=1e-5, atol=2e-5
    )
