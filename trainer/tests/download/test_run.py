"""The command: every item in its folder, and a result that the contract knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dream_sft.download.run import SOURCES, run
from dream_sft.io.errors import SpecError
from dream_sft.io.events import check
from dream_sft.io.schemas import load_schema


def item(name: str, folder: Path, origin: Path) -> dict[str, Any]:
    source = {"kind": "file", "path": str(origin)}
    return {"name": name, "source": source, "destination": str(folder / name)}


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"{}\n")
    return path


def test_single_item_is_the_result(tmp_path: Path, origin: Path) -> None:
    result = run({"items": [item("data", tmp_path, origin)]}, check)
    check(result)
    assert result["folder"] == str(tmp_path / "data")
    assert [entry["path"] for entry in result["files"]] == ["rows.jsonl"]
    assert result["metrics"]["items"][0]["revision"] is None


def test_several_items_have_their_own_files(tmp_path: Path, origin: Path) -> None:
    items = [item("data", tmp_path, origin), item("more", tmp_path, origin)]
    result = run({"items": items}, check)
    check(result)
    assert (result["folder"], result["files"]) == (None, [])
    assert [entry["name"] for entry in result["metrics"]["items"]] == ["data", "more"]
    assert all(len(entry["files"]) == 1 for entry in result["metrics"]["items"])


def test_two_items_of_one_name_are_refused(tmp_path: Path, origin: Path) -> None:
    with pytest.raises(SpecError) as caught:
        run({"items": [item("data", tmp_path, origin)] * 2}, check)
    assert caught.value.mistakes == ["data: twice"]


def test_every_kind_of_the_contract_has_a_source() -> None:
    part = load_schema("download-spec")["properties"]["items"]["items"]["properties"]["source"]
    kinds = {
        branch["properties"]["kind"]["const"] for branch in part.get("oneOf", part.get("anyOf"))
    }
    assert kinds == set(SOURCES)
