from __future__ import annotations

import pytest

from dream_sft.evaluation.scores import by_subject, metrics_of, score_key, score_of
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


def test_a_key_tells_suites_versions_and_settings_apart() -> None:
    changes: list[dict[str, object]] = [{}, {"suite": "cd3"}, {"version": 2}, {"settings": "t"}]
    keys = [score_key(answer(1, True, **change)) for change in changes]
    assert len(set(keys)) == 4
    assert score_key(answer(2, False)) == keys[0]


def test_metrics_depend_on_the_answers_alone() -> None:
    found = metrics_of({"arithmetic": ANSWERS}, 3)
    assert found["suites"]["arithmetic"]["key"] == score_key(ANSWERS[0])
    assert found["suites"]["arithmetic"]["subjects"]["Algebra"] == {"n": 2, "correct": 1}
    assert found["suites"]["arithmetic"]["detectable"] == 1.0
    assert (found["secondsPerQuestion"], found["answersThisAttempt"]) == (pytest.approx(0.1), 3)
    assert metrics_of({}, 0)["secondsPerQuestion"] == 0
