"""Tables of answers that are easy to misread; unreadable is wrong, and said."""

from __future__ import annotations

import pytest

from dream_sft.evaluation.grading import GRADERS, grade
from dream_sft.evaluation.numbers import last_number


@pytest.mark.parametrize(
    ("text", "gold", "correct"),
    [
        ("18.00", "18", True),
        ("$70,000", "70000", True),
        ("18.01", "18", False),
        ("-18", "18", False),
        ("132", "0132", True),
    ],
)
def test_equal_by_value(text: str, gold: str, correct: bool) -> None:
    found = grade(last_number(text), gold)
    assert found.correct is correct
    assert found.readable


def test_unreadable_is_wrong_and_said() -> None:
    found = grade(last_number("no idea"), "0")
    assert (found.extracted, found.correct, found.readable) == (None, False, False)


def test_a_gold_answer_must_be_a_number() -> None:
    with pytest.raises(ValueError, match="is no number"):
        grade(None, "twelve")


TABLE = [
    ("number", "#### 1,000", "1000", True),
    ("number", "5 of 9", "9", True),
    ("number", "共三个", "3", None),
    ("last-number", "#### 5 of 6", "6", True),
    ("last-number", "####", "6", None),
    ("text", "Well:\n Paris. ", "paris", True),
    ("text", "答案是\n北京。", "北京", True),
    ("text", "\\boxed{ＰＡＲＩＳ} it is", "Paris", True),
    ("text", "Paris, I think", "Paris", False),
    ("text", " \n。\n", "Paris", None),
    ("choice", "The answer is (B).", "B", True),
    ("choice", "\\boxed{C} and not A", "c", True),
    ("choice", "选Ｄ。", "D", True),
    ("choice", "A or B", "A", False),
    ("choice", "I'm sure it is beyond Ann", "A", None),
    ("math", "\\boxed{\\frac12}", "0.5", True),
    ("math", "", "1", None),
]


@pytest.mark.parametrize(("grader", "answer", "gold", "correct"), TABLE)
def test_graders_by_name(grader: str, answer: str, gold: str, correct: bool | None) -> None:
    found = GRADERS[grader](answer, gold)
    assert found.readable is (correct is not None)
    assert found.correct is bool(correct)


@pytest.mark.parametrize("grader", list(GRADERS))
def test_silence_is_unreadable_for_each(grader: str) -> None:
    gold = "B" if grader == "choice" else "1"
    assert (GRADERS[grader]("", gold).readable, GRADERS[grader]("", gold).correct) == (False, False)
    assert GRADERS[grader](gold, gold).correct
