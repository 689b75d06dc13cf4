"""Bad input ends a real trainer process before a GPU is asked for: a spec for one says what is
wrong with the input, not that there is none here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dream_sft.data.dataset import dataset_bytes, load_dataset
from tests.train.builders import Workshop, run
from tests.train.test_over_long import documents

LONG = [(4, 130)]  # 139 tokens with an end token and a tail of 4


def add_long_document(root: Path) -> None:
    folder = root / "dataset"
    made = [*(load_dataset(folder).document(n) for n in range(3)), *documents(*LONG)]
    (folder / "documents.safetensors").write_bytes(dataset_bytes(made))


def cut_weights(root: Path) -> None:
    path = root / "base/model.safetensors"
    path.write_bytes(path.read_bytes()[:-7])


def other_mask_token(root: Path) -> None:
    path = root / "dataset/conversion.json"
    conversion = json.loads(path.read_text())
    conversion["tokenizer"]["maskId"] = 1
    path.write_text(json.dumps(conversion))


def nothing(_root: Path) -> None:
    pass


Case = tuple[Callable[[Path], None], dict[str, Any], int, str, list[str]]
CASES: dict[str, Case] = {
    "a truncated shard": (cut_weights, {}, 65, "weights", ["is cut off or damaged"]),
    "a tokenizer that does not match": (
        other_mask_token,
        {},
        65,
        "data",
        ["convert with the model's own tokenizer", "mask token: the data set has 1"],
    ),
    "a sequence longer than a packed row": (
        add_long_document,
        {"training__tokensPerMicroBatch": 128},
        64,
        "spec",
        ["training.tokensPerMicroBatch", "give at least 256", "row 4: 139 tokens"],
    ),
    "a sequence longer than the model's positions": (
        add_long_document,
        {},
        65,
        "data",
        ["max_position_embeddings 128", "convert with a lower maxLength", "row 4: 139 tokens"],
    ),
    "a rank larger than a matrix": (
        nothing,
        {"training__method": "lora", "training__lora": {"rank": 9}},
        64,
        "spec",
        ["lora.rank 9 exceeds the smaller side of k_proj", "take at most 8"],
    ),
    "validation without a row": (
        nothing,
        {"training__validation": {"atEpochEnd": True}},
        64,
        "spec",
        ["the data set holds no row out", "convert with heldOutRows"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_told_before_a_gpu_is_asked_for(workshop: Workshop, case: str) -> None:
    spoil, changes, code, reason, words = CASES[case]
    spoil(workshop.root)
    refused = run(workshop.spec(device="cuda", **changes))
    assert refused.code == code, refused.stderr
    assert [event["type"] for event in refused.events] == ["started", "error"]
    error = refused.events[-1]
    assert error["reason"] == reason
    told = " | ".join([error["message"], *error["mistakes"]])
    assert all(word in told for word in words), told
    assert all(word in refused.stderr for word in words)
    assert "Traceback" not in refused.stderr


def test_a_checkpoint_of_another_run_is_told_before_a_gpu_is_asked_for(workshop: Workshop) -> None:
    done = run(workshop.spec("first", training__steps=2, checkpoints__everySteps=1))
    assert done.code == 0, done.stderr
    checkpoint = workshop.newest("first")
    assert checkpoint is not None
    changes = {"training__steps": 2, "training__seed": 99, "resumeFrom": checkpoint}
    refused = run(workshop.spec("second", device="cuda", **changes))
    assert refused.code == 65, refused.stderr
    assert refused.events[-1]["message"].startswith(f"the checkpoint {checkpoint} belongs to")
    assert any(m.startswith("training.seed:") for m in refused.events[-1]["mistakes"])
