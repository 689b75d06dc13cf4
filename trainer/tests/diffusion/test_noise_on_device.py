"""The noise that a device computes with is the host's, bit for bit."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from dream_sft.data.dataset import Dataset, Document, pack
from dream_sft.diffusion import loss
from dream_sft.diffusion.noise import Purpose, uniform
from dream_sft.model.to_device import on_device
from dream_sft.train.batches import Batches, TokenIds
from dream_sft.train.methods.accumulation import Accumulation
from tests.model.small import small_dream

IDS = TokenIds(mask=39, eos=38, pad=38)
TRAINING: dict[str, Any] = {
    "seed": 11,
    "documentsPerStep": 5,
    "documentsPerMicroBatch": 5,
    "tokensPerMicroBatch": None,
    "t": "low_discrepancy",
    "eosTail": [0, 9],
    "weighting": "cart",
    "cartP": 0.1,
}
DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    ),
]


def dataset() -> Dataset:
    random = np.random.default_rng(1)
    documents = [
        Document(7 + n, random.integers(1, 38, 10 + n).astype(np.int32), n, False) for n in range(9)
    ]
    return Dataset(folder=Path(), rows_file=Path("absent"), **pack(documents))


@pytest.mark.parametrize("packed", [None, 128])
@pytest.mark.parametrize("device", DEVICES)
def test_masks_targets_and_weights_on_the_device(
    monkeypatch: pytest.MonkeyPatch, device: str, packed: int | None
) -> None:
    model = small_dream().to(device)
    batch = Batches(dataset(), {**TRAINING, "tokensPerMicroBatch": packed}, IDS).batch(3)
    seen: list[Tensor] = []
    hidden = model.hidden

    def spying(ids_BL: Tensor, **places: Any) -> Tensor:
        seen.append(ids_BL)
        return hidden(ids_BL, **places)

    moved: list[tuple[np.ndarray, Tensor]] = []

    def noting(array: np.ndarray, where: torch.device) -> Tensor:
        moved.append((array.copy(), on_device(array, where)))
        return moved[-1][1]

    monkeypatch.setattr(model, "hidden", spying)
    monkeypatch.setattr(loss, "on_device", noting)
    accumulation = Accumulation(
        model, partial(loss.masked_loss, model.head), "global", autocast=False
    )
    masked = 0
    for micro in batch.micro_batches:
        accumulation.sums(micro)
        ids_BL = seen[-1]
        assert ids_BL.device.type == device
        assert ids_BL.cpu().numpy().tobytes() == micro.noised_BL.tobytes()
        masked += int((ids_BL == IDS.mask).sum())
    assert masked == batch.masked > 0
    kinds = {array.dtype.kind for array, _ in moved}
    assert kinds == {"i", "f"}, "rows and targets, weights and memberships"
    for array, tensor in moved:
        assert tensor.device.type == device
        assert tensor.cpu().numpy().tobytes() == array.tobytes()


def test_the_mask_is_a_pure_function_of_seed_sample_epoch_and_position() -> None:
    """Drawn one by one here; in batches there."""
    for sample in Batches(dataset(), TRAINING, IDS).batch(3).samples:
        length, prompt = sample.shape.length, sample.shape.prompt
        draws = [
            float(uniform(TRAINING["seed"], sample.sample_id, sample.epoch, Purpose.MASK, at))
            for at in range(length)
        ]
        expected = [at >= prompt and draw < sample.t for at, draw in enumerate(draws)]
        assert sample.masked_L.tolist() == expected


def test_no_torch_generator_takes_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> Any:
        raise AssertionError("a torch generator drew noise")

    for name in ("rand", "randint", "randperm", "bernoulli", "rand_like"):
        monkeypatch.setattr(torch, name, refuse)
    torch.manual_seed(1)
    first = Batches(dataset(), TRAINING, IDS).batch(2)
    torch.manual_seed(2)
    second = Batches(dataset(), TRAINING, IDS).batch(2)
    for one, two in zip(first.micro_batches, second.micro_batches, strict=True):
        assert one.noised_BL.tobytes() == two.noised_BL.tobytes()
