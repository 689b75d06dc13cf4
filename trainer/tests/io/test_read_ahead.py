from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dream_sft.io import read_ahead as module
from dream_sft.io.read_ahead import read_ahead, weights_folder

Asked = list[tuple[int, int, int]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """(inode, first byte, bytes) of every call; the calls themselves are made as well."""
    if not hasattr(os, "posix_fadvise"):
        pytest.skip("this system has no posix_fadvise")
    calls: Asked = []
    advise = os.posix_fadvise

    def recorded(handle: int, at: int, size: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_WILLNEED
        calls.append((os.fstat(handle).st_ino, at, size))
        advise(handle, at, size, advice)

    monkeypatch.setattr(os, "posix_fadvise", recorded)
    monkeypatch.setattr(module, "_PIECE_BYTES", 400)
    return calls


def asked_of(folder: Path) -> None:
    thread = read_ahead(folder)
    assert thread is not None
    thread.join()


def test_every_byte_of_the_weights_is_asked_for_once_in_order(tmp_path: Path, asked: Asked) -> None:
    first, second = (tmp_path / f"model-0000{n}-of-00002.safetensors" for n in (1, 2))
    second.write_bytes(bytes(300))
    first.write_bytes(bytes(1000))
    (tmp_path / "tokenizer.json").write_bytes(bytes(50))
    asked_of(tmp_path)
    a, b = first.stat().st_ino, second.stat().st_ino
    assert asked == [(a, 0, 400), (a, 400, 400), (a, 800, 200), (b, 0, 300)]


def test_no_more_than_half_of_free_memory(
    tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "available_host_bytes", lambda: 1500)
    for n in (1, 2, 3):
        (tmp_path / f"{n}.safetensors").write_bytes(bytes(500))
    asked_of(tmp_path)
    assert sum(size for _, _, size in asked) == 750
    assert len({inode for inode, _, _ in asked}) == 2


def test_a_folder_that_is_not_there_is_told_by_whoever_loads_it(
    tmp_path: Path, asked: Asked
) -> None:
    asked_of(tmp_path / "none")
    assert asked == []


@pytest.mark.parametrize(
    ("spec", "folder"),
    [
        ({"command": "sample", "model": "m"}, "m"),
        ({"command": "merge", "base": "b", "adapter": "a"}, "b"),
        (
            {"command": "train", "base": "b", "training": {"method": "full"}, "resumeFrom": None},
            "b",
        ),
        ({"command": "train", "base": "b", "training": {"method": "lora"}, "resumeFrom": "c"}, "b"),
        (
            {"command": "train", "base": "b", "training": {"method": "full"}, "resumeFrom": "c"},
            "c/model",
        ),
        ({"command": "convert"}, None),
    ],
)
def test_the_folder_is_the_one_that_the_command_loads(
    spec: dict[str, Any], folder: str | None
) -> None:
    assert weights_folder(spec) == (None if folder is None else Path(folder))
