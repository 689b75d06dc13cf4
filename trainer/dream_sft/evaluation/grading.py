"""Grades, and the graders that a custom suite may name. An unreadable answer is always wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from dream_sft.evaluation.boxes import last_box
from dream_sft.evaluation.numbers import final_answer, last_number, number_of, plain

Grader = Callable[[str, str], "Grade"]
_CHOICE = re.compile(r"(?<![A-Za-z])([A-J])(?![A-Za-z'])")
_STRIPPED = " \t\r\n.,;:!?。，；：！？、\"'“”‘’「」()（）[]【】*"


@dataclass(frozen=True)
class Grade:
    """`extracted` is None when the answer is unreadable, which is never correct."""

    extracted: str | None
    correct: bool

    @property
    def readable(self) -> bool:
        return self.extracted is not None


UNREADABLE = Grade(None, False)


def grade(extracted: Fraction | None, gold: str) -> Grade:
    """Equal by value: 18.00 equals 18. Raises ValueError when `gold` is no number."""
    wanted = number_of(gold)
    if wanted is None:
        raise ValueError(f"gold answer {gold!r} is no number")
    if extracted is None:
        return UNREADABLE
    return Grade(plain(extracted), extracted == wanted)


def grade_number(answer: str, gold: str) -> Grade:
    """The number after the last `####`, else in the last box, else the last one, by value."""
    return grade(final_answer(answer), gold)


def grade_last_number(answer: str, gold: str) -> Grade:
    """The last number of the answer, by value."""
    return grade(last_number(answer), gold)


def grade_text(answer: str, gold: str) -> Grade:
    """The last box, else the last line, equal to the gold text but for case, width, outer signs."""
    said = last_box(answer)
    if said is None:
        lines = [line for line in answer.splitlines() if folded(line)]
        said = lines[-1] if lines else ""
    found = folded(said)
    return Grade(said.strip(), found == folded(gold)) if found else UNREADABLE


def grade_choice(answer: str, gold: str) -> Grade:
    """The letter A to J in the last box, else the last one that stands alone in the answer."""
    box = last_box(answer)
    for text in (answer if box is None else box, answer):
        letters = _CHOICE.findall(unicodedata.normalize("NFKC", text))
        if letters:
            return Grade(letters[-1], letters[-1] == gold.strip().upper())
    return UNREADABLE


def grade_math(answer: str, gold: str) -> Grade:
    """As math500 grades."""
    # Imported here: its library is only needed for such answers.
    from dream_sft.evaluation.math_grading import grade_mathematics

    return grade_mathematics(answer, gold)


GRADERS: dict[str, Grader] = {
    "number": grade_number,
    "last-number": grade_last_number,
    "text": grade_text,
    "choice": grade_choice,
    "math": grade_math,
}


def folded(text: str) -> str:
    """NFKC, case folded, white space collapsed, punctuation around it removed."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(_STRIPPED)
