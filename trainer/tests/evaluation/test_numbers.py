"""Tables of answers that are easy to misread."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.evaluation.numbers import final_answer, last_number, number_of, plain

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
    ("3/4", "0.75"),
    ("-3/4", "-0.75"),
    ("1 / 3", "1/3"),
    ("1 1/2 cups", "1.5"),
    ("10 16/2", "8"),
    ("12/25/2024", "2024"),
    ("3/0", "0"),
    ("3/4.5", "4.5"),
    ("3/4.", "0.75"),
    ("16/2 = 8", "8"),
    ("$\\frac{3}{4}$", "0.75"),
    ("-\\dfrac{1}{3}", "-1/3"),
    ("\\frac43", "4/3"),
    ("\\frac 59", "5/9"),
    ("\\frac9{19}", "9/19"),
    ("1\\frac{4}{5}", "1.8"),
    ("15 cm^2", "15"),
    ("15\\mbox{ cm}^{2}", "15"),
    ("x_1 = 7", "7"),
    ("2^{10}", "2"),
    ("_5_ apples", "5"),
    ("so __18__.", "18"),
    ("**18**", "18"),
    ("x = 7 = y_1", "7"),
    ("18 km/h", "18"),
    ("5:30", "30"),
    ("答案是：18元。", "18"),
    ("共１２，３４５个", "345"),
    ("共１２,３４５个", "12345"),
    ("即５０％。", "50"),
    ("￥3．5", "3.5"),
    ("是－7", "-7"),
    ("5，6、7", "7"),
    ("1\u202f234", "1234"),
    ("10,\\!080", "10080"),
    ("11,\\! 111,\\! 100", "11111100"),
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
        ("\\boxed{\\frac{1}{2}}", "0.5"),
        ("最终答案为\\boxed{18}，共3步。", "18"),
        ("\\boxed{\\$18\\text{ per day}} for 7 days", "18"),
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


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(1, 3), "1/3"), (Fraction(-1, 8), "-0.125"), (Fraction(10), "10")],
)
def test_plain_is_exact(value: Fraction, text: str) -> None:
    assert plain(value) == text
    assert number_of(text) == value


@given(st.fractions(max_denominator=10**6))
def test_what_is_written_is_read(value: Fraction) -> None:
    assert number_of(plain(value)) == value
    assert last_number(f"the answer is {plain(value)}.") == value


@pytest.mark.parametrize("text", ["5^2", "40_9", "2^{10}", "3 5/2", "5x", "1, 2", "", "1/2/3"])
def test_more_than_a_number_is_none(text: str) -> None:
    assert number_of(text) is None
