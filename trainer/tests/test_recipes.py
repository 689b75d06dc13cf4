"""The training settings of every recipe in plans/ are ones that the trainer takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from dream_sft.io.spec import load_spec
from dream_sft.train.methods.settings import check_settings

PLANS = Path(__file__).parents[2] / "plans"
RECIPES = sorted(PLANS.glob("dream7b-*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_trainer_takes_the_settings(path: Path, tmp_path: Path) -> None:
    plan = yaml.safe_load(path.read_text())
    spec = {
        "command": "train",
        "runDir": "run",
        "device": plan["hosts"]["device"],
        "base": "base",
        "dataset": "data",
        "training": plan["training"],
        "checkpoints": {"everySeconds": 60, "folder": "c"},
        "output": "out",
    }
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    loaded = load_spec("train", tmp_path / "spec.json")
    check_settings(loaded["training"], loaded["device"])


def test_there_are_recipes() -> None:
    assert len(RECIPES) == 7
