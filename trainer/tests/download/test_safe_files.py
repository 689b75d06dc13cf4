"""Only files that cannot run are chosen."""

from __future__ import annotations

import pytest

from dream_sft.download.safe_files import choose_files, is_safe


@pytest.mark.parametrize(
    "path", ["model-00001-of-00004.safetensors", "data/train.parquet", "LICENSE", "a/README.md"]
)
def test_data_and_texts_are_safe(path: str) -> None:
    assert is_safe(path)


@pytest.mark.parametrize(
    "path",
    [
        "pytorch_model.bin",
        "model.PT",
        "weights.pkl",
        "modeling_dream.py",
        "../up.json",
        "a/../../up.json",
        "/etc/x.json",
        "C:\\x.json",
        ".git/config.json",
        "a/.hidden.json",
    ],
)
def test_programs_pickles_and_paths_outside_are_not(path: str) -> None:
    assert not is_safe(path)


def test_a_pattern_cannot_ask_for_pickles() -> None:
    paths = ["b.json", "a.json", "x.bin", "c.txt"]
    assert choose_files(paths, None) == ["a.json", "b.json", "c.txt"]
    assert choose_files(paths, ["*.json", "*.bin"]) == ["a.json", "b.json"]
