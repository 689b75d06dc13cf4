from __future__ import annotations

import pytest

from dream_sft.evaluation.scores import by_subject, score_key, score_of
from tests.evaluation.made import answer

ANSWERS = [
    answer(1, True, subject="Algebra"),
    answer(2, False, subject="Algebra", readable=False, tokens=0, first_eos=0),
    answer(3, False, subject="Geometry", tokens=8, first_eos=None, truncated=True),
    answer(4, True),
]


def test_a_score_counts_every_kind_of_answer() -> None:
    found = score_of(ANSWERS)
    assert (found.n, found.correct, found.score) == (4, 2, 0.5)
    assert (found.unreadable, found.empty, found.truncated) == (1, 1, 1)
    assert found.mean_answer_tokens == pytest.approx(10 / 4)
    assert found.subjects == {"Algebra": (2, 1), "Geometry": (1, 0)}


def test_the_order_of_answers_does_not_matter() -> None:
    assert score_of(ANSWERS) == score_of(ANSWERS[::-1])


def test_subjects_leave_out_answers_without_one() -> None:
    assert by_subject([answer(1, True)]) == {}


def test_a_key_tells_weights_questions_and_settings_apart() -> None:
    keys = {score_key(*parts) for parts in (("a", "b", "c"), ("x", "b", "c"), ("a", "x", "c"))}
    assert len(keys | {score_key("a", "b", "x"), score_key("a", "b", "c")}) == 4
