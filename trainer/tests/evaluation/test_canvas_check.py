from __future__ import annotations

import pytest

from dream_sft.evaluation.answers import Answer
from dream_sft.evaluation.canvas_check import canvas_check
from dream_sft.io.errors import DataError
from tests.evaluation.made import answer

EMPTY: dict[str, object] = {"tokens": 0, "first_eos": 0, "readable": False}
CUT: dict[str, object] = {"first_eos": None, "truncated": True}


def side(empty: int, cut: int = 0) -> list[Answer]:
    """100 answers, the first `empty` of them end tokens only, the last `cut` truncated."""
    return [
        answer(n, n >= empty, **(EMPTY if n < empty else CUT if n >= 100 - cut else {}))
        for n in range(100)
    ]


@pytest.mark.parametrize(
    ("empty", "overflow"),
    [
        ((0, 0, 0), False),
        ((0, 2, 5), False),
        ((0, 3, 6), True),
        ((2, 20, 40), True),
        ((40, 20, 2), False),
    ],
)
def test_more_empty_answers_on_a_larger_canvas(empty: tuple[int, int, int], overflow: bool) -> None:
    sizes = dict(
        zip((1024, 256, 512), (side(empty[2]), side(empty[0]), side(empty[1])), strict=True)
    )
    found = canvas_check(sizes)
    assert found.overflow is overflow
    assert list(found.scores) == [256, 512, 1024]
    assert [score.empty for score in found.scores.values()] == list(empty)


def test_truncation_is_no_overflow() -> None:
    found = canvas_check({256: side(0, cut=30), 1024: side(0)})
    assert (found.overflow, found.p_empty) == (False, 1.0)
    assert found.scores[256].truncated == 30


@pytest.mark.parametrize("sides", [{256: side(0)}, {256: side(0), 512: side(0)[1:]}, {}])
def test_one_canvas_or_other_questions(sides: dict[int, list[Answer]]) -> None:
    with pytest.raises(DataError, match="two or more must answer the same questions"):
        canvas_check(sides)
