"""cd3, cd4, cd5: reach a target with three, four or five numbers, each used exactly once.

Example row of the JSONL file (the last number of the input is the target):
    {"input": "15,44,79,50", "output": "44-15=29,79-29=50"}
Right are `44-15=29,79-29=50`, `79-(44-15)=50` and `79-(44-15)`, also after other text; wrong is
`44+6=50` (a 6 that nobody gave), and any step whose arithmetic is wrong.

Prompt: the task in words with one worked example that is in none of the files, one user turn,
zero-shot.
Rule: the answer's equations in the order they stand; some run of them up to the last one must,
each step taking numbers that are still there and putting its result back, use up every number and
leave the target alone. Without any equation, the last line (or box) is read as one expression.
The gold text is one solution of many and is not compared with.
Source: Dream's own evaluation files (DreamLM/Dream, eval data cd3/cd4/cd5_test.jsonl; 1000 rows).
Their first 8 rows are the shots of the official 8-shot evaluation of the base model and are not
asked here. Scores are not comparable with that evaluation, nor with d1's (its cd3 has 256 rows).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from dream_sft.evaluation.boxes import last_box
from dream_sft.evaluation.grading import UNREADABLE, Grade
from dream_sft.evaluation.suites.expressions import value_of
from dream_sft.evaluation.suites.rows import RowError, chosen, read_questions, text_of
from dream_sft.evaluation.suites.suite import Question, Suite

VERSION = 1
SHOTS = 8
_SIGNS = str.maketrans("×·÷−－＋＝／＊（）０１２３４５６７８９", "**/--+=/*()0123456789")
_LATEX = {"\\times": "*", "\\cdot": "*", "\\div": "/", "\\left": "", "\\right": "", "\\,": ""}
_EQUATION = re.compile(r"(?P<left>[\d(](?:[\d\s()+*/-]*[\d)])?)\s*=\s*(?P<right>-?\d+(?:/\d+)?)")
Step = tuple[str, Counter[Fraction], Fraction]


def loader(count: int) -> Callable[[Mapping[str, Any]], Suite]:
    """The loader of the suite with `count` numbers. It raises as those of the other files do."""
    name = f"cd{count}"

    def load(entry: Mapping[str, Any]) -> Suite:
        return Suite(name, VERSION, chosen(name, entry, everything(count)(entry)), _grade, _prompt)

    return load


def everything(count: int) -> Callable[[Mapping[str, Any]], list[Question]]:
    """All questions of the file but the official shots."""

    def read(entry: Mapping[str, Any]) -> list[Question]:
        rows = read_questions(f"cd{count}", entry, lambda n, row: _question(n, row, count))
        return [row for row in rows if int(row.id) > SHOTS]

    return read


def _question(number: int, row: Mapping[str, Any], count: int) -> Question:
    given, output = text_of(row, "input"), text_of(row, "output")
    parts = given.split(",")
    if len(parts) != count + 1 or not all(part.strip().isdecimal() for part in parts):
        raise RowError(f"field input is not {count} whole numbers and a target")
    question = Question(f"{number}", ",".join(part.strip() for part in parts), output)
    if not _grade(output, question).correct:
        raise RowError("field output does not solve field input")
    return question


def _prompt(question: Question) -> str:
    *numbers, target = question.question.split(",")
    return (
        f"Use the numbers {', '.join(numbers)}, each exactly once, with +, -, * and / "
        f"to reach the target {target}. Write the steps one after the other, separated by commas, "
        "and nothing else. Example: with the numbers 3, 20, 7 and the target 67, "
        "the steps are 3*20=60,60+7=67"
    )


def _grade(answer: str, question: Question) -> Grade:
    *numbers, target = (Fraction(part) for part in question.question.split(","))
    box = last_box(answer)
    steps = _steps(answer if box is None else box) or _steps(answer)
    if not steps:
        return UNREADABLE
    for start in range(len(steps)):
        if _solves(steps[start:], Counter(numbers), target):
            return Grade(_text(steps[start:]), True)
    return Grade(_text(steps[-(len(numbers) - 1) :]), False)


def _text(steps: list[Step]) -> str:
    return ",".join(text for text, _, _ in steps)


def _solves(steps: list[Step], left: Counter[Fraction], target: Fraction) -> bool:
    for _, used, result in steps:
        if used - left:
            return False
        left = left - used
        left[result] += 1
    return left == Counter([target])


def _steps(text: str) -> list[Step]:
    """Equations with their numbers and claimed result; one with wrong arithmetic uses None such."""
    plain = text.translate(_SIGNS)
    for latex, sign in _LATEX.items():
        plain = plain.replace(latex, sign)
    found = [(m["left"], m["right"]) for m in _EQUATION.finditer(plain)]
    lines = [line.strip(" .$") for line in plain.splitlines() if line.strip(" .$")]
    if not found and lines:
        found = [(lines[-1], "")]
    steps: list[Step] = []
    for left, right in found:
        try:
            value, used = value_of(left)
        except ValueError:
            if right:
                steps.append((f"{left}={right}", Counter([_NONE]), Fraction(right or 0)))
            continue
        if right and (right.endswith("/0") or Fraction(right) != value):
            used = Counter([_NONE])
        steps.append((f"{left.strip()}={right}" if right else left, used, value))
    return [step for step in steps if any(sign in step[0] for sign in "+-*/")]


_NONE = Fraction(-1, 7)  # a number that no pool holds, so that a wrong step solves nothing
