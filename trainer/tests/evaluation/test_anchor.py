from __future__ import annotations

import pytest

from dream_sft.evaluation.anchor import SENTENCE, anchor
from dream_sft.evaluation.answers import Answer
from dream_sft.io.errors import DataError
from tests.evaluation.made import answer


def side(right: int, n: int = 200) -> list[Answer]:
    return [answer(number, number < right) for number in range(n)]


@pytest.mark.parametrize(
    ("published", "default", "holds"),
    [
        (162, 160, True),
        (140, 140, True),  # 70 % is not below 70 %
        (139, 139, False),
        (160, 150, True),  # 5 points are not more than 5
        (160, 149, False),
        (150, 161, False),  # better is no reproduction either
        (0, 0, False),
        (200, 200, True),
    ],
)
def test_the_rule(published: int, default: int, holds: bool) -> None:
    found = anchor(side(published), side(default))
    assert found.holds is holds
    assert (found.sentence is None) is holds


def test_the_sentence_says_what_was_found() -> None:
    sentence = anchor(side(130), side(100)).sentence
    assert sentence is not None
    assert sentence.startswith(SENTENCE)
    assert "200 GSM8K questions give 65.0 % under published and 50.0 % under default" in sentence


@pytest.mark.parametrize(("first", "second"), [([], []), (side(1), side(1, 199))])
def test_other_questions_are_no_anchor(first: list[Answer], second: list[Answer]) -> None:
    with pytest.raises(DataError, match="the same gsm8k questions"):
        anchor(first, second)
