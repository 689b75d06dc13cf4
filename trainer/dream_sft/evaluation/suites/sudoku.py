"""sudoku: 4x4 grids to complete.

Example row of the JSONL file (0 marks an empty cell):
    {"input": "1003\\n0300\\n3210\\n4132", "output": "1423\\n2341\\n3214\\n4132"}

Prompt: the task in words and the grid, one user turn, zero-shot.
Rule: the last four consecutive lines of four digits each (spaces, commas and bars between cells
do not count, nor do empty lines), else the last sixteen such digits in one run. Right is a grid
that keeps every given cell and has 1 to 4 once in each row, column and 2x2 box; the whole grid
counts, as in Dream's own evaluation (d1 counts single cells: not comparable). With few clues more
than one grid is right, so the gold grid is not compared with.
Source: Dream's own evaluation files (DreamLM/Dream, eval data sudoku_4x4_<clues>.jsonl; 108 rows,
official evaluation: 10 clues). The first 8 rows are the shots of the official evaluation and are
not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dream_sft.evaluation.grading import UNREADABLE, Grade
from dream_sft.evaluation.suites.rows import RowError, chosen, read_questions, text_of
from dream_sft.evaluation.suites.suite import Question, Suite

NAME = "sudoku"
VERSION = 1
SHOTS = 8
SIDE = 4
_BETWEEN = re.compile(r"[\s,|&\[\]$]|\\\\|\\hline")
_RUN = re.compile(r"(?<!\d)\d{16}(?!\d)")


def load(entry: Mapping[str, Any]) -> Suite:
    """The first `questions` rows of `file` (the official shots left out) permuted by `seed`.

    Raises SpecError (no file named, too few rows in it) and DataError naming bad rows.
    """
    return Suite(NAME, VERSION, chosen(NAME, entry, everything(entry)), _grade, _prompt)


def everything(entry: Mapping[str, Any]) -> list[Question]:
    """All questions of the file but the official shots. Raises as `load` does."""
    return [row for row in read_questions(NAME, entry, _question) if int(row.id) > SHOTS]


def _question(number: int, row: Mapping[str, Any]) -> Question:
    question = Question(f"{number}", text_of(row, "input"), text_of(row, "output"))
    if not re.fullmatch(r"[0-4]{4}(\n[0-4]{4}){3}", question.question):
        raise RowError("field input is not four lines of four digits 0 to 4")
    if not _grade(question.gold, question).correct:
        raise RowError("field output does not solve field input")
    return question


def _prompt(question: Question) -> str:
    return (
        "Complete this 4x4 Sudoku. 0 marks an empty cell; every row, every column and every 2x2 "
        "box holds 1, 2, 3 and 4 once. Answer with the four completed rows, four digits in a "
        f"line, and nothing else.\n{question.question}"
    )


def _grade(answer: str, question: Question) -> Grade:
    grid = _grid(answer)
    if grid is None:
        return UNREADABLE
    given = question.question.replace("\n", "")
    kept = all(clue in ("0", cell) for clue, cell in zip(given, grid, strict=True))
    lines = "\n".join(grid[at : at + SIDE] for at in range(0, SIDE * SIDE, SIDE))
    return Grade(lines, kept and _complete(grid))


def _grid(answer: str) -> str | None:
    """The sixteen digits that the answer ends with, row by row."""
    lines = [_BETWEEN.sub("", line) for line in answer.splitlines() if line.strip()]
    for end in range(len(lines), SIDE - 1, -1):
        rows = lines[end - SIDE : end]
        if all(re.fullmatch(r"[0-9]{4}", row) for row in rows):
            return "".join(rows)
    runs = _RUN.findall(_BETWEEN.sub("", answer))
    return runs[-1] if runs else None


def _complete(grid: str) -> bool:
    rows = [grid[at : at + SIDE] for at in range(0, SIDE * SIDE, SIDE)]
    columns = ["".join(column) for column in zip(*rows, strict=True)]
    boxes = [
        rows[top][left : left + 2] + rows[top + 1][left : left + 2]
        for top in (0, 2)
        for left in (0, 2)
    ]
    return all(sorted(part) == list("1234") for part in (*rows, *columns, *boxes))
