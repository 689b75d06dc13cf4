from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from dream_sft.evaluation.suites.expressions import value_of


@pytest.mark.parametrize(
    ("text", "value", "used"),
    [
        ("1+2*3", Fraction(7), [1, 2, 3]),
        ("(1+2)*3", Fraction(9), [1, 2, 3]),
        ("7-2-1", Fraction(4), [7, 2, 1]),
        ("8/2/4", Fraction(1), [8, 2, 4]),
        ("1/3*3", Fraction(1), [1, 3, 3]),
        ("-6+7", Fraction(1), [-6, 7]),
        ("42", Fraction(42), [42]),
    ],
)
def test_value_and_numbers(text: str, value: Fraction, used: list[int]) -> None:
    assert value_of(text) == (value, Counter(Fraction(n) for n in used))


@pytest.mark.parametrize(
    "text",
    ["", "1+", "(1", "1)", "1 2", "1/0", "1/(2-2)", "2**3", "x", "1.5", "(" * 30 + "1" + ")" * 30],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        value_of(text)
