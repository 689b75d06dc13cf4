"""What a checkpoint must have in common with the run that goes on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dream_sft.data.dataset import load_dataset
from dream_sft.train.state import base_digest, identity_of
from tests.train.builders import write_dataset, write_model

TRAINING: dict[str, Any] = {
    "method": "lora",
    "normalise": "global",
    "documentsPerMicroBatch": 4,
    "tokensPerMicroBatch": 1024,
    "worldSize": 1,
    "learningRate": 1e-4,
    "compile": True,
    "cudaGraphs": True,
    "seed": 1,
}
MEAN = {"normalise": "microbatch"}


def named(tmp_path: Path, then: dict[str, Any], now: dict[str, Any], bases: list[str]) -> list[str]:
    """What differs between two runs, on folders of these names with weights drawn by the name."""
    data = load_dataset(write_dataset(tmp_path / "data"))
    for base in bases:
        write_model(tmp_path / base, seed=len(base))
    first, second = (
        identity_of(training, 10, data, {"hidden_size": 16}, base_digest(training, tmp_path / base))
        for training, base in zip(({**TRAINING, **then}, {**TRAINING, **now}), bases, strict=True)
    )
    return [line.partition(":")[0] for line in second.differences(first.settings)]


@pytest.mark.parametrize(
    ("then", "now", "differ"),
    [
        ({}, {"cudaGraphs": False}, []),
        ({}, {"compile": False}, []),
        ({}, {"learningRate": 2e-4}, ["training.learningRate"]),
        ({}, {"seed": 2}, ["training.seed"]),
        ({}, {"tokensPerMicroBatch": 512, "documentsPerMicroBatch": 2, "worldSize": 2}, []),
        (MEAN, {**MEAN, "tokensPerMicroBatch": 512}, ["training.tokensPerMicroBatch"]),
        (MEAN, {**MEAN, "documentsPerMicroBatch": 2}, ["training.documentsPerMicroBatch"]),
        (MEAN, {**MEAN, "worldSize": 2}, ["training.worldSize"]),
        (MEAN, {**MEAN, "compile": False}, []),
    ],
)
def test_how_a_batch_is_computed_may_change_and_what_it_is_may_not(
    tmp_path: Path, then: dict[str, Any], now: dict[str, Any], differ: list[str]
) -> None:
    assert named(tmp_path, then, now, ["one", "one"]) == differ


@pytest.mark.parametrize(("method", "differ"), [("lora", ["base"]), ("full", [])])
def test_an_adapter_goes_on_from_its_own_base_alone(
    tmp_path: Path, method: str, differ: list[str]
) -> None:
    """Checkpoints of method full hold the weights themselves."""
    training = {"method": method}
    assert named(tmp_path, training, training, ["one", "another"]) == differ
    assert named(tmp_path, training, training, ["one", "two"]) == []  # another place, same weights
