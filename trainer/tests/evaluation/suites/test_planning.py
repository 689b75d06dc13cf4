"""Countdown and Sudoku: any solution counts, and nothing that only looks like one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dream_sft.evaluation.suites import Question, Suite, load_suite
from dream_sft.io.errors import DataError

GRID = "1003\n0300\n3210\n4132"


def only(path: Path, name: str, given: str, output: str) -> tuple[Suite, Question]:
    """A suite of one question: the ninth row, since the first eight are the official shots."""
    file = path / f"{name}.jsonl"
    file.write_text((json.dumps({"input": given, "output": output}) + "\n") * 9)
    suite = load_suite({"name": name, "questions": 1, "file": str(file)})
    assert [q.id for q in suite.questions] == ["9"]
    return suite, suite.questions[0]


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        ("44-15=29,79-29=50", True),
        ("First 44 - 15 = 29, then 79 − 29 = 50.", True),
        ("79-(44-15)=50", True),
        ("79-(44-15)", True),
        ("\\boxed{79-(44-15)}", True),
        ("79 - 44 + 15", True),
        ("44-15=29\n79-29=50\n", True),
        ("79-15=64, no. 44-15=29, 79-29=50", True),
        ("44-15=29，79-29=50。", True),
        ("44-15=29,79-29=50,50-1=49", False),
        ("44+6=50", False),
        ("44-15=30,79-29=50", False),
        ("44-15=29,44+6=50", False),
        ("79-29=50", False),
        ("44+15=59,79-59=20", False),
        ("50", None),
        ("=50", None),
        ("no idea", None),
        ("", None),
    ],
)
def test_countdown(tmp_path: Path, answer: str, correct: bool | None) -> None:
    suite, question = only(tmp_path, "cd3", "15,44,79,50", "44-15=29,79-29=50")
    found = suite.grade(answer, question)
    assert (found.correct, found.readable) == (bool(correct), correct is not None)


def test_countdown_divides_exactly_and_uses_a_repeated_number_twice(tmp_path: Path) -> None:
    suite, question = only(tmp_path, "cd4", "1,3,3,6,6", "1*3=3,3/3=1,1*6=6")
    assert suite.grade("1/3=1/3,6/3=2,2*3=6", question).correct is False
    assert suite.grade("3/3=1,1*6=6,6*1=6", question).correct
    assert "1, 3, 3, 6" in suite.prompt(question) and "target 6" in suite.prompt(question)


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        ("1423\n2341\n3214\n4132", True),
        ("The grid:\n1 4 2 3\n2|3|4|1\n3,2,1,4\n\n4 1 3 2\nDone.", True),
        ("1423234132144132", True),
        ("$\\begin{matrix}1&4&2&3\\\\2&3&4&1\\\\3&2&1&4\\\\4&1&3&2$", True),
        (f"{GRID}\nso\n1423\n2341\n3214\n4132", True),
        (f"1423\n2341\n3214\n4132\nfrom\n{GRID}", False),
        (GRID, False),
        ("1423\n2341\n3214\n4131", False),
        ("4321\n2143\n3412\n1234", False),
        ("1423\n2341\n3214", None),
        ("", None),
    ],
)
def test_sudoku(tmp_path: Path, answer: str, correct: bool | None) -> None:
    suite, question = only(tmp_path, "sudoku", GRID, "1423\n2341\n3214\n4132")
    found = suite.grade(answer, question)
    assert (found.correct, found.readable) == (bool(correct), correct is not None)
    assert suite.prompt(question).endswith(GRID)


@pytest.mark.parametrize(
    ("name", "row", "field"),
    [
        ("cd3", {"input": "1,2,3", "output": "1+2=3"}, "field input is not 3 whole numbers"),
        ("cd3", {"input": "1,2,3,9", "output": "1+2=3,3+3=6"}, "field output does not solve"),
        ("cd5", {"output": "1"}, "field input is missing"),
        ("sudoku", {"input": "1003", "output": "1423"}, "field input is not four lines"),
        ("sudoku", {"input": GRID, "output": GRID}, "field output does not solve"),
        ("sudoku", {"input": GRID, "output": 3}, "field output is empty or no text"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, name: str, row: object, field: str) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(json.dumps(row) + "\n")
    with pytest.raises(DataError) as caught:
        load_suite({"name": name, "questions": 1, "file": str(file)})
    assert caught.value.mistakes[0].startswith(f"bad.jsonl: line 1: {field}")


@pytest.mark.parametrize(
    ("name", "file", "rows"),
    [("cd3", "cd3_test", 992), ("cd4", "cd4_test", 992), ("cd5", "cd5_test", 992)]
    + [("sudoku", f"sudoku_4x4_{clues}", 100) for clues in (4, 10)],
)
def test_real_files_solve_themselves(shared_data: Path, name: str, file: str, rows: int) -> None:
    path = shared_data / "eval" / "dream" / f"{file}.jsonl"
    suite = load_suite({"name": name, "questions": rows, "file": str(path)})
    assert all(suite.grade(q.gold, q).correct for q in suite.questions)
    assert not any(suite.grade("", q).readable for q in suite.questions)
