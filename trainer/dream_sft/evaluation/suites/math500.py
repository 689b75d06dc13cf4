r"""math500: 500 competition problems (HuggingFaceH4/MATH-500, from Hendrycks et al. 2021 by way of
Lightman et al. 2023, openai/prm800k).

Example row of the JSONL file (shortened):
    {"problem": "Convert the point $(0,3)$ in rectangular coordinates to polar coordinates. ...",
     "solution": "...", "answer": "\\left( 3, \\frac{\\pi}{2} \\right)",
     "subject": "Precalculus", "level": 2, "unique_id": "test/precalculus/807.json"}

Prompt: the problem and, on a line of its own, the instruction that training questions carry as
well (dream_sft.data.chat.BOXED_INSTRUCTION), one user turn, zero-shot.
Rule: what the last closed \boxed{} holds, else what follows the last "answer is", else the last
number; equal to the gold answer as mathematics (dream_sft.evaluation.math_grading).
Scores are also given by `subject`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dream_sft.data.chat import BOXED_INSTRUCTION
from dream_sft.evaluation.grading import Grade, grade_math
from dream_sft.evaluation.math_grading import need_library
from dream_sft.evaluation.suites.rows import chosen, read_questions, text_of
from dream_sft.evaluation.suites.suite import Question, Suite

NAME = "math500"
VERSION = 1


def load(entry: Mapping[str, Any]) -> Suite:
    """The first `questions` rows of `file` in an order permuted by `seed`.

    Raises SpecError (no file, too few rows, math-verify absent) and DataError naming bad rows.
    """
    need_library()
    return Suite(NAME, VERSION, chosen(NAME, entry, everything(entry)), _grade, _prompt)


def everything(entry: Mapping[str, Any]) -> list[Question]:
    """All questions of the file. Raises as `load` does."""
    return read_questions(NAME, entry, _question)


def _prompt(question: Question) -> str:
    return f"{question.question}\n{BOXED_INSTRUCTION}"


def _grade(answer: str, question: Question) -> Grade:
    return grade_math(answer, question.gold)


def _question(number: int, row: Mapping[str, Any]) -> Question:
    return Question(
        id=text_of(row, "unique_id"),
        question=text_of(row, "problem"),
        gold=text_of(row, "answer"),
        subject=text_of(row, "subject"),
    )
