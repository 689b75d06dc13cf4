"""Tables of answers that are easy to misread."""

from __future__ import annotations

import pytest

from dream_sft.evaluation.grading import final_answer, grade, last_box, last_number, plain

LAST = [
    ("132", "132"),
    ("7+5=12 4+8+1=13 132", "132"),
    ("$1,234.50", "1234.5"),
    ("10,000,000 people", "10000000"),
    ("1,2,3", "3"),
    ("1,234,56", "56"),
    ("-3", "-3"),
    ("\u22127", "-7"),
    ("= -3", "-3"),
    ("is -3.", "-3"),
    ("(-4)", "-4"),
    ("-$5", "-5"),
    ("$-5", "-5"),
    ("16-3", "3"),
    ("16 - 3", "3"),
    ("$5 - $3", "3"),
    ("abc-5", "5"),
    ("+7", "7"),
    ("50%", "50"),
    ("18.00", "18"),
    ("0.5", "0.5"),
    (".5", "0.5"),
    ("2.5.", "2.5"),
    ("18.", "18"),
    ("3/4", "4"),
    ("1{,}000", "1000"),
    ("\\$70,000", "70000"),
    ("007", "7"),
    ("5-", "5"),
    ("<|mask|>12<|mask|>", "12"),
]


@pytest.mark.parametrize(("text", "value"), LAST)
def test_last_number(text: str, value: str) -> None:
    found = last_number(text)
    assert found is not None
    assert plain(found) == value


@pytest.mark.parametrize("text", ["", "none", "thirty", ".", "-", "$", "\u0663", "\\boxed{}"])
def test_no_number(text: str) -> None:
    assert last_number(text) is None
    assert final_answer(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("\\boxed{42} is one of 7", "42"),
        ("\\boxed{1} or \\boxed{\\text{about } 2}", "2"),
        ("\\boxed{\\frac{1}{2}}", "2"),
        ("\\boxed{x} then 9", "9"),
        ("\\boxed{42 then 7", "7"),
        ("a\n#### 1,000\nso 3", "1000"),
        ("#### none, 5 of 6", "5"),
        ("#### \n", None),
        ("\\boxed{3} #### 4", "4"),
        ("#### x \\boxed{3} 8", "3"),
        ("so $18 a day", "18"),
    ],
)
def test_final_answer(text: str, value: str | None) -> None:
    found = final_answer(text)
    assert (None if found is None else plain(found)) == value


def test_a_box_with_nested_braces() -> None:
    assert last_box(r"\boxed{a{b}c} d") == "a{b}c"
    assert last_box(r"\boxed{a") is None


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
