"""custom: questions of your own, JSONL.

Example row:
    {"question": "What is 6 times 7?", "answer": "42", "grader": "number", "subject": "products"}
`question` and `answer` must be there; `grader` (number, last-number, text, choice, math) may be
left out when the suite's entry in the plan names one for all rows; `subject` and `id` are optional.

Prompt: the question as it stands, one user turn.
Rule: that of the grader (dream_sft.evaluation.grading).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dream_sft.evaluation.grading import GRADERS, Grade
from dream_sft.evaluation.math_grading import need_library
from dream_sft.evaluation.numbers import number_of
from dream_sft.evaluation.suites.rows import RowError, chosen, read_questions, text_of
from dream_sft.evaluation.suites.suite import Question, Suite

NAME = "custom"
VERSION = 1


def load(entry: Mapping[str, Any]) -> Suite:
    """The first `questions` rows of `file` in an order permuted by `seed`.

    Raises SpecError (no file, too few rows, math-verify absent) and DataError naming bad rows.
    """
    asked = chosen(NAME, entry, everything(entry))
    if any(question.grader == "math" for question in asked):
        need_library()
    return Suite(NAME, VERSION, asked, _grade)


def everything(entry: Mapping[str, Any]) -> list[Question]:
    """All questions of the file. Raises as `load` does."""
    default = entry.get("grader")
    return read_questions(NAME, entry, lambda number, row: _question(number, row, default))


def _question(number: int, row: Mapping[str, Any], default: str | None) -> Question:
    if "grader" not in row and default is None:
        raise RowError("field grader is missing, here or as grader of the suite")
    grader = text_of(row, "grader") if "grader" in row else str(default)
    if grader not in GRADERS:
        raise RowError(f"field grader {grader!r} is none of {', '.join(GRADERS)}")
    gold = text_of(row, "answer")
    if grader in ("number", "last-number") and number_of(gold) is None:
        raise RowError(f"field answer {gold!r} is no number, as grader {grader} needs it")
    return Question(
        id=text_of(row, "id") if "id" in row else f"{number}",
        question=text_of(row, "question"),
        gold=gold,
        subject=text_of(row, "subject") if "subject" in row else None,
        grader=grader,
    )


def _grade(answer: str, question: Question) -> Grade:
    return GRADERS[question.grader or ""](answer, question.gold)
