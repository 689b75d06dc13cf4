"""arithmetic: two-digit additions that no training row holds, in either order.

Example:  question `47+85=?`, gold `132`; the answer `7+5=12 4+8+1=13 132` is right, and so is
`132`; `132 or 133` is wrong.

Rule: the last number of the answer, compared by value. The same rule before and after
fine-tuning, so that writing steps or not is no advantage in itself.
Source: dream_sft.data.arithmetic (generated from the seed; held out by sha256, a fifth of all
unordered pairs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dream_sft.data import arithmetic
from dream_sft.evaluation.grading import Grade, grade_last_number
from dream_sft.evaluation.suites.suite import Question, Suite
from dream_sft.io.errors import SpecError

NAME = "arithmetic"
VERSION = 2  # 2: fractions are read as one number


def load(entry: Mapping[str, Any]) -> Suite:
    """`questions` held-out pairs chosen by `seed`. Raises SpecError when there are not so many."""
    try:
        pairs = arithmetic.held_out_questions(entry["questions"], entry.get("seed", 0))
    except ValueError as error:
        raise SpecError(f"suite {NAME}: {error}") from error
    return Suite(NAME, VERSION, tuple(_question(a, b) for a, b in pairs), _grade)


def everything(entry: Mapping[str, Any]) -> list[Question]:
    """What will be asked: the generator holds every one of its questions out of training."""
    return list(load(entry).questions)


def _question(a: int, b: int) -> Question:
    return Question(f"{a}+{b}", arithmetic.question(a, b), str(a + b))


def _grade(answer: str, question: Question) -> Grade:
    return grade_last_number(answer, question.gold)
