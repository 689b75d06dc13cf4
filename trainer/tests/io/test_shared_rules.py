"""The table of settings that the control half's tests run too (test/contracts)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dream_sft.data.dataset import Dataset, Document, pack
from dream_sft.diffusion.masking import EosTail
from dream_sft.io.errors import SpecError
from dream_sft.io.spec import load_spec
from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream
from dream_sft.train.over_long import longest_lengths
from dream_sft.train.preflight import rank_mistakes

ROOT = Path(__file__).parents[3]
TABLE: dict[str, list[dict[str, Any]]] = json.loads(
    (ROOT / "test" / "fixtures" / "training-rules.json").read_text()
)
TRAIN: dict[str, Any] = {
    "command": "train",
    "runDir": "run",
    "base": "base",
    "dataset": "data",
    "checkpoints": {"folder": "staging"},
    "output": "out",
}
CONVERT: dict[str, Any] = {
    "command": "convert",
    "runDir": "run",
    "dataset": "rows.jsonl",
    "tokenizer": "tokenizer",
    "output": "out",
}


def refused(folder: Path, spec: dict[str, Any]) -> list[str]:
    path = folder / "spec.json"
    path.write_text(json.dumps(spec))
    try:
        load_spec(spec["command"], path)
    except SpecError as error:
        return error.mistakes
    return []


@pytest.mark.parametrize("case", TABLE["settings"], ids=lambda case: json.dumps(case["training"]))
def test_settings(case: dict[str, Any], tmp_path: Path) -> None:
    training = {"steps": 1, **case["training"]}
    spec = {**TRAIN, "device": case["device"], "training": training}
    assert refused(tmp_path, spec) == case["mistakes"]


@pytest.mark.parametrize("case", TABLE["ranks"])
def test_ranks(case: dict[str, Any]) -> None:
    widths = case["widths"]
    published = json.loads((ROOT / "trainer/assets/tiny-base/config.json").read_text())
    shape = {
        "hidden_size": widths["hidden"],
        "intermediate_size": widths["intermediate"],
        "num_attention_heads": widths["heads"],
        "num_key_value_heads": widths["keyHeads"],
        "num_hidden_layers": 1,
    }
    with torch.device("meta"):
        model = Dream(DreamConfig.from_dict({**published, **shape}))
    lora = {"modules": case["modules"], "rank": case["largest"]}
    assert rank_mistakes(model, lora) == []
    assert rank_mistakes(model, {**lora, "rank": case["largest"] + 1})


@pytest.mark.parametrize("case", TABLE["rows"])
def test_rows(case: dict[str, Any]) -> None:
    ids = np.ones(case["maxLength"], np.int32)
    data = Dataset(folder=Path(), rows_file=Path("absent"), **pack([Document(1, ids, 3, False)]))
    longest = longest_lengths(data, EosTail.parse(case["eosTail"]))
    assert longest.tolist() == [case["longest"]]


@pytest.mark.parametrize("case", TABLE["views"])
def test_views(case: dict[str, Any], tmp_path: Path) -> None:
    view = {key: case[key] for key in ("view", "overLong")}
    found = refused(tmp_path, {**CONVERT, **view})
    assert [mistake.split(":")[0] for mistake in found] == ([] if case["right"] else ["overLong"])
