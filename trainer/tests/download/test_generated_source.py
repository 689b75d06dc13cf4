"""Generated questions are rows that convert can read, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dream_sft.data.s1k import read_rows
from dream_sft.download.generated_source import fetch
from dream_sft.io.errors import SpecError
from dream_sft.io.events import check


def generate(folder: Path, rows: int, seed: int) -> Path:
    source = {"kind": "generated", "generator": "arithmetic", "rows": rows, "seed": seed}
    (path,) = fetch(source, folder, check).paths
    return path


def test_rows_have_the_schema_and_follow_the_seed(tmp_path: Path) -> None:
    first = generate(tmp_path / "a", 50, 1)
    assert len(read_rows(first, "trace")) == 50
    assert generate(tmp_path / "b", 50, 1).read_bytes() == first.read_bytes()
    assert generate(tmp_path / "c", 50, 2).read_bytes() != first.read_bytes()


def test_more_rows_than_there_are_is_a_mistake_of_the_spec(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"source\.rows"):
        generate(tmp_path, 10**7, 0)
    assert list(tmp_path.iterdir()) == []
