"""The three comparison cases follow their stated rule."""

from __future__ import annotations

from dream_sft.evaluation.cases import pick_cases
from tests.evaluation.made import answer


def picked(before: list[bool], after: list[bool]) -> list[tuple[str, str]]:
    first = [answer(i, b) for i, b in enumerate(before)]
    later = [answer(i, a) for i, a in enumerate(after)]
    return [(case.verdict, case.after.id) for case in pick_cases(first, later)]


def test_fixed_still_wrong_and_got_worse_first_of_each() -> None:
    before = [True, False, False, True, False, False, True]
    after = [True, False, True, False, True, False, False]
    assert picked(before, after) == [("fixed", "2"), ("still-wrong", "1"), ("got-worse", "3")]


def test_both_right_stands_in_when_none_got_worse() -> None:
    assert picked([False, True, False], [True, True, False]) == [
        ("fixed", "0"),
        ("still-wrong", "2"),
        ("both-right", "1"),
    ]


def test_kinds_without_a_question_are_left_out() -> None:
    assert picked([False], [True]) == [("fixed", "0")]
    assert picked([], []) == []


def test_pairs_go_by_id_not_by_place() -> None:
    before = [answer(1, False), answer(2, False), answer(3, False)]
    after = [answer(3, True), answer(1, False)]
    assert [(c.verdict, c.before.id, c.after.id) for c in pick_cases(before, after)] == [
        ("fixed", "3", "3"),
        ("still-wrong", "1", "1"),
    ]
