"""The converted dataset survives its way to disk, and damage to it is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from dream_sft.data.dataset import Document, dataset_bytes, load_dataset, pack, sample_ids
from dream_sft.io.errors import DataError
from tests.data.small import write_json


def documents() -> list[Document]:
    return [
        Document(2**64 - 1, np.array([5, 6, 7], dtype=np.int32), 1, False),
        Document(3, np.array([8, 9], dtype=np.int32), 1, True),
    ]


def write(folder: Path, content: bytes) -> Path:
    write_json(folder / "conversion.json", {"version": 1})
    (folder / "documents.safetensors").write_bytes(content)
    return folder


def test_documents_come_back_as_they_were(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path, dataset_bytes(documents())))
    assert len(dataset) == 2
    assert dataset.lengths.tolist() == [3, 2]
    for index, wanted in enumerate(documents()):
        found = dataset.document(index)
        assert found.sample_id == wanted.sample_id
        assert found.ids.tolist() == wanted.ids.tolist()
        assert (found.prompt_length, found.cut) == (wanted.prompt_length, wanted.cut)


def test_index_outside_is_an_error_also_below_zero(tmp_path: Path) -> None:
    dataset = load_dataset(write(tmp_path, dataset_bytes(documents())))
    for index in (-1, 2):
        with pytest.raises(IndexError):
            dataset.document(index)


def test_bytes_depend_on_the_documents_alone() -> None:
    assert dataset_bytes(documents()) == dataset_bytes(documents())
    assert dataset_bytes(documents()) != dataset_bytes(documents()[:1])


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=8), st.text(max_size=3))
def test_sample_ids_are_distinct_and_stay_when_rows_follow(texts: list[str], more: str) -> None:
    ids = sample_ids(texts)
    assert len(set(ids)) == len(texts)
    assert sample_ids([*texts, more])[: len(texts)] == ids
    assert all(0 <= i < 2**64 for i in ids)


def test_sample_id_is_that_of_the_format() -> None:
    # First 8 bytes of sha256("a"), which every later run of a checkpoint relies on.
    assert sample_ids(["a"]) == [0xCA978112CA1BBDCA]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt_lengths": np.array([3, 1], dtype=np.int32)}, "no prompt or no response"),
        ({"offsets": np.array([0, 3, 9], dtype=np.int64)}, "do not fit"),
        ({"offsets": np.array([0, 5], dtype=np.int64)}, "number of documents"),
        ({"ids": np.zeros(5, dtype=np.int64)}, "int32"),
        ({"sample_ids": np.array([3, 3], dtype=np.uint64)}, "same sample id"),
    ],
)
def test_contradictions_are_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    write(tmp_path, b"")
    save_file({**pack(documents()), **change}, tmp_path / "documents.safetensors")
    with pytest.raises(DataError) as caught:
        load_dataset(tmp_path)
    assert message in caught.value.mistakes[0]


def test_half_a_file_and_a_folder_of_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="give a folder that convert wrote"):
        load_dataset(tmp_path)
    whole = dataset_bytes(documents())
    with pytest.raises(DataError, match="damaged"):
        load_dataset(write(tmp_path, whole[: len(whole) // 2]))


def test_no_held_out_rows_is_an_empty_dataset(tmp_path: Path) -> None:
    folder = write(tmp_path, dataset_bytes(documents()))
    assert len(load_dataset(folder, held_out=True)) == 0
