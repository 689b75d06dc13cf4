from __future__ import annotations

import pytest

from dream_sft.evaluation.judgement import (
    BETTER,
    NO_CHANGE,
    WORSE,
    Findings,
    advice,
    diagnosis,
    overall,
    verdict,
)
from dream_sft.evaluation.scores import score_of
from dream_sft.io.schemas import load_schema
from tests.evaluation.made import answer


def findings(
    right: tuple[int, int],
    p: float,
    after: dict[str, object] | None = None,
    bad: int = 0,
    **more: object,
) -> Findings:
    """200 questions; the last `bad` answers after are changed as `after` says."""
    before = [answer(n, n < right[0]) for n in range(200)]
    later = [
        answer(n, n < right[1], **((after or {}) if n >= 200 - bad else {})) for n in range(200)
    ]
    return Findings(score_of(before), score_of(later), p, **{"detectable": 0.01, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("right", "p", "expected"),
    [
        ((100, 130), 0.01, BETTER),
        ((130, 100), 0.01, WORSE),
        ((100, 130), 0.05, NO_CHANGE),
        ((100, 101), 0.9, NO_CHANGE),
    ],
)
def test_verdict(right: tuple[int, int], p: float, expected: str) -> None:
    assert verdict(findings(right, p)) == expected


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([BETTER, WORSE], WORSE),
        ([NO_CHANGE, BETTER], BETTER),
        ([NO_CHANGE, NO_CHANGE], NO_CHANGE),
    ],
)
def test_a_gain_does_not_pay_for_a_loss(verdicts: list[str], expected: str) -> None:
    assert overall(verdicts) == expected


EMPTY = {"first_eos": 0, "tokens": 0, "readable": False}
CASES = [
    (findings((100, 130), 0.01), []),
    (findings((100, 50), 0.01, {"truncated": True, "first_eos": None}, 12), ["truncated"]),
    (findings((100, 50), 0.01, {"truncated": True, "first_eos": None}, 9), []),
    (findings((100, 50), 0.01, EMPTY, 4), ["empty"]),
    (findings((100, 50), 0.01, {"readable": False}, 10), ["unreadable"]),
    (findings((100, 120), 0.01, {"tokens": 100}, 100), ["longer"]),
    (findings((100, 120), 0.01, contaminated=1), ["contaminated"]),
    (findings((100, 103), 0.6, detectable=0.16), ["few-questions"]),
    (findings((100, 103), 0.6, flips=0.02), ["within-batch-noise"]),
    (findings((100, 130), 0.01, flips=0.02), []),
]


@pytest.mark.parametrize(("found", "codes"), CASES)
def test_diagnosis(found: Findings, codes: list[str]) -> None:
    assert diagnosis(found) == codes


def test_advice_follows_from_diagnosis_and_a_loss_that_nothing_explains() -> None:
    assert advice(WORSE, []) == ["lower-learning-rate"]
    assert advice(WORSE, ["empty"]) == ["shorten-eos-tail"]
    assert advice(NO_CHANGE, ["few-questions", "longer"]) == ["ask-more-questions"]


def test_all_codes_are_in_the_contract() -> None:
    suite = load_schema("comparison")["properties"]["suites"]["items"]["properties"]
    known, tips = suite["diagnosis"]["items"]["enum"], suite["advice"]["items"]["enum"]
    found = Findings(score_of([]), score_of([]), 1.0, 1.0)
    assert set(diagnosis(found)) <= set(known)
    assert set(advice(WORSE, [])) | set(advice(BETTER, known)) == set(tips)
    assert suite["verdict"]["enum"] == [BETTER, WORSE, NO_CHANGE]
