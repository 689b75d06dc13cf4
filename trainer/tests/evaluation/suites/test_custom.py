from __future__ import annotations

import json
from pathlib import Path

import pytest

from dream_sft.evaluation.suites import load_suite
from dream_sft.io.errors import DataError

GOOD = {"question": "6*7?", "answer": "42", "grader": "number", "subject": "products"}


def entry(path: Path, *rows: object, **more: object) -> dict[str, object]:
    file = path / "own.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"name": "custom", "questions": len(rows), "file": str(file), **more}


def test_each_row_by_its_own_grader(tmp_path: Path) -> None:
    capital = {"id": "fr", "question": "Capital of France?", "answer": "Paris"}
    suite = load_suite(entry(tmp_path, GOOD, capital, grader="text"))
    by_id = {q.id: q for q in suite.questions}
    assert set(by_id) == {"1", "fr"}
    assert by_id["1"].subject == "products"
    assert suite.grade("It is 42, not 41+1=42", by_id["1"]).correct
    assert suite.grade("paris.", by_id["fr"]).correct
    assert not suite.grade("42", by_id["fr"]).correct


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"question": "q", "answer": "1"}, "field grader is missing"),
        ({**GOOD, "grader": "judge"}, "field grader 'judge' is none of number"),
        ({"question": "q", "grader": "text"}, "field answer is missing"),
        ({"answer": "1", "grader": "text"}, "field question is missing"),
        ({**GOOD, "answer": "many"}, "field answer 'many' is no number"),
        ({**GOOD, "question": "  "}, "field question is empty"),
        ({**GOOD, "subject": 3}, "field subject is empty or no text"),
        ([], "not a JSON object"),
    ],
)
def test_file_line_and_field_are_named(tmp_path: Path, row: object, says: str) -> None:
    with pytest.raises(DataError) as caught:
        load_suite(entry(tmp_path, GOOD, row))
    assert len(caught.value.mistakes) == 1
    assert caught.value.mistakes[0].startswith(f"own.jsonl: line 2: {says}")


def test_an_id_stands_once(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_suite(entry(tmp_path, {**GOOD, "id": "a"}, {**GOOD, "id": "a"}))
    assert "id 'a' stands twice" in caught.value.mistakes[0]


def test_a_prompt_or_a_grader_that_changes_changes_the_digest(tmp_path: Path) -> None:
    first = load_suite(entry(tmp_path, GOOD)).digest
    assert load_suite(entry(tmp_path, {**GOOD, "grader": "last-number"})).digest != first
