"""gsm8k: grade-school word problems (GSM8K test set, Cobbe et al. 2021, openai/grade-school-math).

Example row of the JSONL file (shortened):
    {"question": "Janet's ducks lay 16 eggs per day. ... How much in dollars does she make?",
     "answer": "Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 duck eggs a day.\\n...\\n#### 18"}

Prompt: the question as one user turn, zero-shot, as the official Instruct evaluation does.
Gold: what follows the last `####`, thousands separators removed.
Rule: the number after the answer's last `####` if it has one, else inside its last \\boxed{},
else its last number ("flexible extract" of the common harness, with the box before it, and with
fractions read whole), compared by value. Another rule moves the score by points: compare before
and after inside this one only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dream_sft.evaluation.grading import Grade, grade_number
from dream_sft.evaluation.numbers import MARK, number_of
from dream_sft.evaluation.suites.rows import RowError, chosen, read_questions, text_of
from dream_sft.evaluation.suites.suite import Question, Suite

NAME = "gsm8k"
VERSION = 2  # 2: fractions are read as one number, exponents are none


def load(entry: Mapping[str, Any]) -> Suite:
    """The first `questions` rows of `file` in an order permuted by `seed`.

    Raises SpecError (no file named, too few rows in it) and DataError naming bad rows.
    """
    return Suite(NAME, VERSION, chosen(NAME, entry, everything(entry)), _grade)


def everything(entry: Mapping[str, Any]) -> list[Question]:
    """All questions of the file. Raises as `load` does."""
    return read_questions(NAME, entry, _question)


def _grade(answer: str, question: Question) -> Grade:
    return grade_number(answer, question.gold)


def _question(number: int, row: Mapping[str, Any]) -> Question:
    question, answer = text_of(row, "question"), text_of(row, "answer")
    _, mark, gold = answer.rpartition(MARK)
    gold = gold.strip().replace(",", "")
    if not mark or number_of(gold) is None:
        raise RowError(f"field answer has no number after {MARK}")
    return Question(f"{number}", question, gold)
