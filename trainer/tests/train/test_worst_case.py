from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.model.weights import load_dream
from dream_sft.train.methods.plain import PlainFineTuning
from dream_sft.train.micro_batches import GlobalBatch
from dream_sft.train.worst_case import resolve_recomputation, share_that_fits
from dream_sft.train.worst_layout import Documents, worst_micro_batch
from tests.train.builders import VOCABULARY

TRAINING: dict[str, Any] = {
    "betas": [0.9, 0.95],
    "weightDecay": 0.0,
    "clipNorm": 1.0,
    "precision": "fp32",
    "normalise": "global",
    "tokensPerMicroBatch": 256,
    "documentsPerStep": 4,
    "activationCheckpointing": "auto",
}


DOCUMENTS = Documents(4, 10, 200)


def test_trying_leaves_no_gradient_and_no_change(parts: Path) -> None:
    model = load_dream(parts / "base")
    method = PlainFineTuning(model, TRAINING, parts / "base")
    before = method.weights_sha256()
    micro = worst_micro_batch(TRAINING, DOCUMENTS, VOCABULARY)
    method.try_gradient(GlobalBatch(0, 0.0, [], [micro], micro.plan.masked, 256))
    assert all(weight.grad is None for weight in model.parameters())
    assert method.weights_sha256() == before
    assert not method.moments()


def test_on_the_cpu_nothing_is_computed_again(parts: Path) -> None:
    method = PlainFineTuning(load_dream(parts / "base"), TRAINING, parts / "base")
    assert resolve_recomputation(method, TRAINING, DOCUMENTS)["activationCheckpointing"] == 0.0


@given(
    st.integers(1, 64), st.integers(1, 1 << 36), st.integers(1, 1 << 36), st.integers(0, 1 << 34)
)
def test_the_share_keeps_as_many_layers_as_fit(
    layers: int, capacity: int, all_again: int, each: int
) -> None:
    share = share_that_fits(layers, capacity, all_again, all_again + 2 * each, 2)
    kept = layers - round(share * layers)
    assert 0 <= kept <= layers
    room = capacity * 0.94
    if kept:
        assert all_again + kept * each <= room * (1 + 1e-9)
    if kept < layers:
        assert all_again + (kept + 1) * max(each, 1) > room * (1 - 1e-9)


def test_a_card_with_room_computes_nothing_again() -> None:
    assert share_that_fits(28, 80 << 30, 20 << 30, 24 << 30, 2) == pytest.approx(1 / 28)
    assert share_that_fits(28, 800 << 30, 20 << 30, 24 << 30, 2) == 0.0
    assert share_that_fits(28, 16 << 30, 15 << 30, 17 << 30, 2) == 1.0
