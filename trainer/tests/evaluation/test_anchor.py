"""The rule, by the table that the control half's tests run too (test/contracts)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dream_sft.evaluation.anchor import SENTENCE, anchor
from dream_sft.evaluation.answers import Answer
from dream_sft.io.errors import DataError
from tests.evaluation.made import answer

ROOT = Path(__file__).parents[3]
RULE: dict[str, Any] = json.loads((ROOT / "test" / "fixtures" / "anchor-rule.json").read_text())


def side(right: int, n: int = 200) -> list[Answer]:
    return [answer(number, number < right) for number in range(n)]


@pytest.mark.parametrize("case", RULE["cases"], ids=str)
def test_the_rule(case: dict[str, Any]) -> None:
    n = RULE["n"]
    found = anchor(side(case["published"], n), side(case["default"], n))
    assert found.holds is case["holds"]
    assert (found.sentence is None) is case["holds"]


def test_the_sentence_says_what_was_found() -> None:
    sentence = anchor(side(130), side(100)).sentence
    assert sentence is not None
    assert sentence.startswith(SENTENCE)
    assert "200 GSM8K questions give 65.0 % under published and 50.0 % under default" in sentence


@pytest.mark.parametrize(("first", "second"), [([], []), (side(1), side(1, 199))])
def test_other_questions_are_no_anchor(first: list[Answer], second: list[Answer]) -> None:
    with pytest.raises(DataError, match="the same gsm8k questions"):
        anchor(first, second)
