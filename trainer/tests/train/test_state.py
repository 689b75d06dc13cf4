"""What a checkpoint must have in common with the run that goes on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dream_sft.data.dataset import load_dataset
from dream_sft.train.state import identity_of
from tests.train.builders import write_dataset

TRAINING: dict[str, Any] = {"learningRate": 1e-4, "compile": True, "cudaGraphs": True, "seed": 1}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cudaGraphs": False}, []),
        ({"compile": False}, []),
        ({"learningRate": 2e-4}, ["training.learningRate"]),
        ({"seed": 2}, ["training.seed"]),
    ],
)
def test_how_a_batch_is_computed_may_change_and_what_it_is_may_not(
    tmp_path: Path, changes: dict[str, Any], named: list[str]
) -> None:
    data = load_dataset(write_dataset(tmp_path / "data"))
    then = identity_of(TRAINING, 10, data, {"hidden_size": 16})
    now = identity_of({**TRAINING, **changes}, 10, data, {"hidden_size": 16})
    found = now.differences(then.settings)
    assert [line.partition(":")[0] for line in found] == named
