"""Rows are read as they are, or every mistake is named with file, row and field."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from dream_sft.data.s1k import find_file, read_rows
from dream_sft.io.errors import DataError
from tests.data.small import s1k_row, write_rows


def test_rows_with_extra_columns_and_blank_lines(tmp_path: Path) -> None:
    file = write_rows(tmp_path / "rows.jsonl", [s1k_row(1), b"", {**s1k_row(2), "source": 3}])
    rows = read_rows(file, "trace")
    assert [row.number for row in rows] == [1, 3]
    assert rows[0].traces == ("t" * 20,)
    assert rows[1].question == "Question 2?"


def test_every_mistake_at_once_with_row_and_field(tmp_path: Path) -> None:
    rows = [
        s1k_row(1),
        b"{broken",
        {**s1k_row(3), "question": 5},
        {**s1k_row(4), "attempt": " \n"},
        {"question": "no answer?"},
        b'{"question": "\xff"}',
        [1],
        {**s1k_row(8), "thinking_trajectories": "text"},
        b'{"question": "\\ud800", "attempt": "x"}',
    ]
    with pytest.raises(DataError) as caught:
        read_rows(write_rows(tmp_path / "rows.jsonl", rows), "attempt")
    assert [m.split(" (")[0] for m in caught.value.mistakes] == [
        "rows.jsonl: row 2: not JSON",
        "rows.jsonl: row 3: field 'question' should be text, not a number",
        "rows.jsonl: row 4: field 'attempt' is empty",
        "rows.jsonl: row 5: field 'attempt' is missing",
        "rows.jsonl: row 6: not UTF-8 text",
        "rows.jsonl: row 7: not a JSON object",
        "rows.jsonl: row 8: field 'thinking_trajectories' should be a list of texts, not text",
        "rows.jsonl: row 9: field 'question' holds half of a UTF-16 pair, which is no character",
    ]


def test_at_most_twenty_mistakes_are_shown(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_rows(write_rows(tmp_path / "rows.jsonl", [b"x"] * 33), "attempt")
    assert len(caught.value.mistakes) == 21
    assert caught.value.mistakes[-1] == "and 13 more"


def test_fields_that_the_view_does_not_need_may_be_empty(tmp_path: Path) -> None:
    row = {**s1k_row(1), "solution": "", "thinking_trajectories": []}
    (read,) = read_rows(write_rows(tmp_path / "rows.jsonl", [row]), "attempt")
    assert read.empty_fields == ("solution", "thinking_trajectories")


def test_canonical_text_is_of_the_known_fields_only(tmp_path: Path) -> None:
    rows = [s1k_row(1), {**s1k_row(1), "extra": 1}, s1k_row(2)]
    first, same, other = read_rows(write_rows(tmp_path / "rows.jsonl", rows), "attempt")
    assert first.canonical_text == same.canonical_text != other.canonical_text


def test_empty_file_and_missing_path_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no rows"):
        read_rows(write_rows(tmp_path / "rows.jsonl", []), "attempt")
    with pytest.raises(DataError, match="no such file"):
        find_file(tmp_path / "absent")


def test_folder_must_hold_one_file(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match="found 0"):
        find_file(tmp_path)
    (tmp_path / "data").mkdir()
    file = write_rows(tmp_path / "data" / "rows.jsonl", [s1k_row(1)])
    assert find_file(tmp_path) == file
    write_rows(tmp_path / "more.jsonl", [s1k_row(1)])
    with pytest.raises(DataError, match="found 2"):
        find_file(tmp_path)


@pytest.mark.skipif(find_spec("pyarrow") is not None, reason="pyarrow is installed")
def test_parquet_without_pyarrow_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    file.write_bytes(b"PAR1")
    with pytest.raises(DataError, match="pyarrow"):
        read_rows(file, "attempt")


def test_parquet_rows_are_those_of_jsonl(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    rows = [s1k_row(1), s1k_row(2)]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "rows.parquet")
    read = read_rows(tmp_path / "rows.parquet", "trace")
    assert read == read_rows(write_rows(tmp_path / "rows.jsonl", rows), "trace")
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 half")
    with pytest.raises(DataError, match="damaged Parquet"):
        read_rows(tmp_path / "rows.parquet", "trace")
