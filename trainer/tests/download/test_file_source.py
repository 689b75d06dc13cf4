"""Local files and folders: copied or linked, checked, and only what is safe."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from dream_sft.download import file_source
from dream_sft.download.file_source import fetch
from dream_sft.io.errors import DataError, SpecError


def model_folder(folder: Path) -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / "sub" / "a.safetensors").write_bytes(b"weights")
    for name in ("pytorch_model.bin", "modeling.py", ".token"):
        (folder / name).write_text("x", encoding="utf-8")
    return folder


def get(path: Path, to: Path, **more: Any) -> tuple[list[str], list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    fetched = fetch({"kind": "file", "path": str(path), **more}, to, events.append)
    return [p.relative_to(to).as_posix() for p in fetched.paths], events


def test_folder_without_pickles_and_programs_and_says_so(tmp_path: Path) -> None:
    names, events = get(model_folder(tmp_path / "model"), tmp_path / "to")
    assert names == ["config.json", "sub/a.safetensors"]
    assert (tmp_path / "to" / "sub" / "a.safetensors").read_bytes() == b"weights"
    assert sorted(p.name for p in (tmp_path / "to").rglob("*") if p.is_file()) == [
        "a.safetensors",
        "config.json",
    ]
    (warning,) = [event for event in events if event["type"] == "warning"]
    assert "3 hidden files, pickles or programs" in warning["message"]


def test_digest_of_a_file(tmp_path: Path) -> None:
    original = tmp_path / "rows.jsonl"
    original.write_bytes(b"{}\n")
    digest = hashlib.sha256(b"{}\n").hexdigest()
    assert get(original, tmp_path / "to", sha256=digest)[0] == ["rows.jsonl"]
    with pytest.raises(DataError, match="nothing was kept"):
        get(original, tmp_path / "wrong", sha256="0" * 64)
    assert list((tmp_path / "wrong").iterdir()) == []
    assert original.is_file()


def test_digest_of_a_folder_is_that_of_its_listing(tmp_path: Path) -> None:
    config, weights = (hashlib.sha256(c).hexdigest() for c in (b"{}", b"weights"))
    listing = f"{config}  config.json\n{weights}  sub/a.safetensors\n"
    digest = hashlib.sha256(listing.encode()).hexdigest()
    folder = model_folder(tmp_path / "model")
    assert len(get(folder, tmp_path / "to", sha256=digest)[0]) == 2
    (folder / "config.json").write_text("{ }", encoding="utf-8")
    with pytest.raises(DataError):
        get(folder, tmp_path / "changed", sha256=digest)


def test_small_files_are_copies_and_large_ones_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tmp_path / "a.json"
    original.write_bytes(b"1234")
    get(original, tmp_path / "copied")
    assert not (tmp_path / "copied" / "a.json").samefile(original)
    monkeypatch.setattr(file_source, "LINK_FROM_BYTES", 4)
    get(original, tmp_path / "linked")
    assert (tmp_path / "linked" / "a.json").samefile(original)


def test_links_of_a_hub_cache_are_followed(tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    blob.write_bytes(b"{}")
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / "config.json").symlink_to(blob)
    get(tmp_path / "snapshot", tmp_path / "to")
    assert not (tmp_path / "to" / "config.json").is_symlink()
    assert (tmp_path / "to" / "config.json").read_bytes() == b"{}"


def test_source_and_destination_may_be_one(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model")
    assert get(folder, folder)[0] == ["config.json", "sub/a.safetensors"]
    assert (folder / "config.json").read_bytes() == b"{}"


def test_missing_and_empty_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such file"):
        get(tmp_path / "absent", tmp_path / "to")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SpecError, match="no file to take"):
        get(tmp_path / "empty", tmp_path / "to")
