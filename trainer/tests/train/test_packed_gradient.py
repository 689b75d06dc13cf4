"""Packed rows give the loss and the gradient of the same documents computed row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dream_sft.data.dataset import Dataset, Document, pack
from dream_sft.diffusion.loss import masked_loss
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.network import Dream
from dream_sft.model.weights import load_dream
from dream_sft.train.batches import Batches, MicroBatch, TokenIds
from tests.diffusion.test_weighting import RULES
from tests.model.small import small_dream
from tests.parity.official import assert_official, expected_loss, packed_row

IDS = TokenIds(mask=39, eos=38, pad=38)
TRAINING: dict[str, Any] = {
    "seed": 4,
    "documentsPerStep": 7,
    "documentsPerMicroBatch": 7,
    "tokensPerMicroBatch": None,
    "t": "low_discrepancy",
    "eosTail": [0, 9],
    "weighting": "cart",
    "cartP": 0.1,
}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Some documents without a prompt, so that first tokens are masked."""
    random = np.random.default_rng(8)
    lengths = [(0, 30), (7, 1), (0, 50), (12, 40), (3, 47), (0, 5), (20, 30)]
    documents = [
        Document(50 + n, random.integers(1, 38, sum(pair)).astype(np.int32), pair[0], False)
        for n, pair in enumerate(lengths)
    ]
    return Dataset(folder=Path(), rows_file=Path("absent"), **pack(documents))


def total_of(model: Dream, micro: MicroBatch, chunk: int) -> torch.Tensor:
    bounds = None if micro.lengths is None else DocumentBounds.of(micro.lengths, "cpu")
    hidden_BLD = model.hidden(
        torch.from_numpy(micro.noised_BL),
        positions_BL=None if micro.positions_BL is None else torch.from_numpy(micro.positions_BL),
        keep_BL=None if micro.keep_BL is None else torch.from_numpy(micro.keep_BL),
        bounds=bounds,
    )
    return masked_loss(model.head, hidden_BLD, micro.plan, chunk=chunk).total


def gradient(dataset: Dataset, kernel: str, step: int, **changes: Any) -> tuple[Any, float]:
    model = small_dream()
    model.packed_kernel = kernel
    batch = Batches(dataset, {**TRAINING, **changes}, IDS).batch(step)
    loss = 0.0
    for micro in batch.micro_batches:
        part = total_of(model, micro, chunk=9) / batch.masked
        part.backward()  # type: ignore[no-untyped-call]
        loss += float(part.detach())
    grads = [w.grad.reshape(-1) for w in model.parameters() if w.grad is not None]
    return torch.cat(grads), loss


@pytest.mark.parametrize("kernel", ["sdpa", "mask"])
@pytest.mark.parametrize("cap", [128, 256, 512])
def test_gradient_and_loss_equal_those_of_padded_rows(
    dataset: Dataset, kernel: str, cap: int
) -> None:
    for step in (1, 2, 3):
        padded, padded_loss = gradient(dataset, kernel, step)
        packed, packed_loss = gradient(dataset, kernel, step, tokensPerMicroBatch=cap)
        assert packed_loss == pytest.approx(padded_loss, rel=1e-5)
        torch.testing.assert_close(packed, padded, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("chunk", [1024, 7])
@pytest.mark.parametrize("name", RULES)
def test_a_packed_row_has_the_official_loss_and_gradient(
    parity: Path, name: str, chunk: int
) -> None:
    """The official batch, its rows as documents of one packed row."""
    expected = expected_loss(parity)
    model = load_dream(parity)
    micro = packed_row(expected, model.config, name)
    loss = total_of(model, micro, chunk) / micro.plan.masked
    loss.backward()  # type: ignore[no-untyped-call]
    assert_official(model, loss, expected, name)
