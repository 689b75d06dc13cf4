from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dream_sft.io import read_ahead as module
from dream_sft.io.read_ahead import read_ahead, weights_folder

Sent = dict[str, list[tuple[int, int]]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """(first byte, bytes) of each call, by file; the calls themselves are made as well."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system cannot send a file to /dev/null")
    calls: Sent = {}
    send = os.sendfile

    def recorded(to: int, file: int, at: int, size: int) -> int:
        assert Path(f"/proc/self/fd/{to}").resolve() == Path(os.devnull)
        done = send(to, file, at, size)
        calls.setdefault(Path(f"/proc/self/fd/{file}").resolve().name, []).append((at, done))
        return done

    monkeypatch.setattr(os, "sendfile", recorded)
    monkeypatch.setattr(module, "_PIECE_BYTES", 400)
    return calls


def read(folder: Path) -> None:
    for thread in read_ahead(folder):
        thread.join()


def test_every_byte_of_the_weights_is_read_once(tmp_path: Path, sent: Sent) -> None:
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(bytes(1000))
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(bytes(300))
    (tmp_path / "tokenizer.json").write_bytes(bytes(50))
    read(tmp_path)
    assert sent == {
        "model-00001-of-00002.safetensors": [(0, 400), (400, 400), (800, 200)],
        "model-00002-of-00002.safetensors": [(0, 300)],
    }


def test_no_more_than_half_of_free_memory_the_first_files_first(
    tmp_path: Path, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "available_host_bytes", lambda: 1500)
    for n in (1, 2, 3):
        (tmp_path / f"{n}.safetensors").write_bytes(bytes(500))
    read(tmp_path)
    assert sent == {"1.safetensors": [(0, 400), (400, 100)], "2.safetensors": [(0, 250)]}


def test_a_file_that_has_become_shorter_ends_it(
    tmp_path: Path, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "1.safetensors"
    path.write_bytes(bytes(500))
    monkeypatch.setattr(module, "_parts", lambda *_: [(path, 900)])
    read(tmp_path)
    assert sent == {"1.safetensors": [(0, 400), (400, 100), (500, 0)]}


def test_a_folder_that_is_not_there_is_told_by_whoever_loads_it(tmp_path: Path, sent: Sent) -> None:
    read(tmp_path / "none")
    assert sent == {}


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
