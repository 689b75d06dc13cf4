"""A resume reads weights and optimizer state to where they belong: no second copy in the host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from dream_sft.io.spec import load_spec
from dream_sft.train.methods.open import open_method
from dream_sft.train.methods.optimized import OptimizedModel
from tests.train.builders import Workshop, write_dataset, write_model
from tests.warm import ENVIRONMENT, TRAINER

# Pieces of 16 MiB, and what Python and torch need besides; less than the bf16 weights, which are
# the smallest part that could be held twice.
SLACK = 32 << 20
WIDTH = 1024


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    "training",
    [{}, {"fullMode": "kept", "basePrecision": "bf16", "precision": "bf16"}],
    ids=["plain", "kept"],
)
def test_a_resume_holds_weights_and_moments_once(tmp_path: Path, training: dict[str, Any]) -> None:
    write_model(tmp_path / "base", width=WIDTH)
    write_dataset(tmp_path / "dataset")
    changes = {f"training__{key}": value for key, value in training.items()}
    file = Workshop(tmp_path).spec(**changes)
    method = open_method(load_spec("train", file), torch.device("cpu"), None)
    assert isinstance(method, OptimizedModel)
    for weight in method.model.parameters():
        weight.grad = torch.zeros_like(weight)
    method._optimizer.step(0.0)
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    weights, moments = dict(method.weights()), dict(method.moments())
    assert sum(tensor.nbytes for tensor in weights.values()) > SLACK
    method.write(folder, weights, moments)
    ended = subprocess.run(
        [sys.executable, "-m", "tests.train.restoring", str(folder), str(file)],
        cwd=TRAINER,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    live = [*weights.values(), *moments.values()]
    assert found["held"] == sum(tensor.nbytes for tensor in live)
    # At least what is held: the count sees memory at all.
    assert found["held"] <= found["grown"] <= found["held"] + SLACK, found
