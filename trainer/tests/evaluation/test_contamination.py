from __future__ import annotations

from dream_sft.evaluation.contamination import Held, contaminated
from tests.evaluation.made import answer

SHORT = "If Anna has three red apples and buys five more how many apples has she"
LONG = " ".join(f"word{n}" for n in range(40))
ANSWERS = [answer(1, True, question=SHORT), answer(2, True, question=LONG), answer(3, True)]


def row(number: int, question: str, response: str = "") -> dict[str, object]:
    return {"row": number, "question": question, "response": response}


def test_every_question_with_its_rows_and_rule() -> None:
    rows = [
        row(4, "Other.", f"As in: {SHORT}"),
        row(5, SHORT.upper()),
        row(6, " ".join(LONG.split()[3:16])),
        row(7, " ".join(LONG.split()[3:15])),
    ]
    assert contaminated(ANSWERS, rows) == [
        Held("1", (4, 5), "exact"),
        Held("2", (6,), "13-gram"),
    ]


def test_nothing_held() -> None:
    assert contaminated(ANSWERS, [row(1, "Something else.", "Nothing of that kind.")]) == []
