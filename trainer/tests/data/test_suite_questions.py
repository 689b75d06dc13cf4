"""Both readers of a suite's file take the same rows of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dream_sft.data.suite_questions import suite_questions
from dream_sft.evaluation.suites import load_suite
from dream_sft.io.errors import DataError

# A line separator inside a text, as JSON allows it, and lines without anything.
QUESTIONS = ["first\u2028part?", "second\u0085part?", "third?"]


def gsm8k(path: Path) -> dict[str, object]:
    rows = [{"question": text, "answer": "1+1\n#### 2"} for text in QUESTIONS]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    file = path / "gsm8k.jsonl"
    file.write_text("\n\n".join([*lines, "  ", ""]), encoding="utf-8")
    return {"name": "gsm8k", "questions": len(QUESTIONS), "file": str(file)}


def test_texts_with_line_separators_and_blank_lines(tmp_path: Path) -> None:
    entry = gsm8k(tmp_path)
    assert suite_questions(entry) == QUESTIONS
    assert {q.question for q in load_suite(entry).questions} == set(QUESTIONS)


def test_a_row_without_a_question_is_named(tmp_path: Path) -> None:
    entry = gsm8k(tmp_path)
    good = '{"question": "a?", "answer": "#### 1"}'
    Path(str(entry["file"])).write_text(f'{good}\n\n{{"question": 3}}\nnothing\n')
    with pytest.raises(DataError) as raised:
        suite_questions(entry)
    assert [m.split(" field")[0].split(" no")[0] for m in raised.value.mistakes] == [
        "gsm8k.jsonl: line 3:",
        "gsm8k.jsonl: line 4:",
    ]


def test_of_other_suites_only_what_will_be_asked() -> None:
    entry = {"name": "arithmetic", "questions": 5, "seed": 1}
    assert suite_questions(entry) == [q.question for q in load_suite(entry).questions]
