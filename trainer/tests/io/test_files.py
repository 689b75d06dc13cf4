from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from dream_sft.io.files import (
    FileEntry,
    file_entries,
    remove_leftovers,
    write_atomic,
    write_folder,
)


def test_entries_are_sorted_by_path_with_size_and_digest(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two").write_bytes(b"22")
    (tmp_path / "a.txt").write_bytes(b"")
    assert file_entries(tmp_path) == [
        {"path": "a.txt", "size": 0, "sha256": hashlib.sha256(b"").hexdigest()},
        {"path": "b/two", "size": 2, "sha256": hashlib.sha256(b"22").hexdigest()},
    ]


def test_atomic_write_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_atomic(tmp_path / "deep" / "f", "old")
    write_atomic(tmp_path / "deep" / "f", b"new")
    assert (tmp_path / "deep" / "f").read_text() == "new"
    assert len(list((tmp_path / "deep").iterdir())) == 1


def test_a_folder_is_invisible_until_it_is_filled(tmp_path: Path) -> None:
    target = tmp_path / "step-1"

    def fill(folder: Path) -> list[FileEntry]:
        (folder / "sub").mkdir()
        (folder / "sub" / "x").write_text("1")
        assert not target.exists()
        return file_entries(folder)

    assert [entry["path"] for entry in write_folder(target, fill)] == ["sub/x"]
    assert (target / "sub" / "x").read_text() == "1"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_filling_leaves_the_old_folder_and_no_temporary_one(tmp_path: Path) -> None:
    target = tmp_path / "step-1"
    target.mkdir()
    (target / "old").write_text("kept")

    def fill(folder: Path) -> list[FileEntry]:
        (folder / "half").write_text("x")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        write_folder(target, fill)
    assert list(tmp_path.iterdir()) == [target]
    assert (target / "old").read_text() == "kept"


def test_leftovers_of_dead_processes_are_removed_and_others_kept(tmp_path: Path) -> None:
    for name in (".step-1.11.tmp", ".step-2.22.tmp", ".step-3.11.old"):
        (tmp_path / name).mkdir()
    (tmp_path / "step-4").mkdir()
    removed = remove_leftovers(tmp_path, lambda pid: pid == 11)
    assert sorted(path.name for path in removed) == [".step-1.11.tmp", ".step-3.11.old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".step-2.22.tmp", "step-4"]
