"""A small model with random weights from a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dream_sft.download.initialised_source import fetch
from dream_sft.io.errors import SpecError
from dream_sft.io.events import check
from dream_sft.model.weights import read_config

SOURCE: dict[str, Any] = {"kind": "initialised", "width": 8, "layers": 1, "heads": 2, "seed": 3}


def test_every_file_is_listed_once_and_the_seed_decides_the_bytes(tmp_path: Path) -> None:
    paths = fetch(SOURCE, tmp_path / "a", check).paths
    assert sorted(path.name for path in paths) == ["config.json", "model.safetensors"]
    config = read_config(tmp_path / "a")
    assert (config.hidden_size, config.intermediate_size) == (8, 24)
    again = fetch(SOURCE, tmp_path / "b", check).paths
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


def test_heads_that_do_not_divide_the_width_are_a_mistake_of_the_spec(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such model"):
        fetch({**SOURCE, "heads": 3}, tmp_path, check)
