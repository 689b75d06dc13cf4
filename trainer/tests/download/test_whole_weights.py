"""Weights that are cut off are found at their download, and named; nothing of them is kept."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from dream_sft.download.run import run
from dream_sft.io.errors import DataError
from dream_sft.io.events import check

TINY = Path(__file__).resolve().parents[2] / "assets/tiny-base"


def spec(base: Path, destination: Path) -> dict[str, Any]:
    source = {"kind": "file", "path": str(base)}
    return {"items": [{"name": "base", "source": source, "destination": str(destination)}]}


def test_whole_weights_pass(tmp_path: Path) -> None:
    files = run(spec(TINY, tmp_path / "base"), check)["files"]
    assert "model.safetensors" in {entry["path"] for entry in files}


@pytest.mark.parametrize("size", [0, 7, 1000, 100_000])
def test_cut_weights_are_named_by_what_the_person_named(tmp_path: Path, size: int) -> None:
    base = tmp_path / "mine"
    shutil.copytree(TINY, base)
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:size])
    with pytest.raises(DataError) as caught:
        run(spec(base, tmp_path / "base"), check)
    assert str(base) in caught.value.message
    assert caught.value.mistakes[0].startswith("model.safetensors is cut off or damaged")
    assert not (tmp_path / "base/model.safetensors").exists()
    assert weights.stat().st_size == size
