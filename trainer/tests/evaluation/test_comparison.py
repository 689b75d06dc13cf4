"""The document, from answers whose every figure is known by hand."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dream_sft.evaluation.answers import Answer
from dream_sft.evaluation.comparison import Resampling, compare, only_suite
from dream_sft.evaluation.gathering import Suites
from dream_sft.evaluation.statistics import mcnemar_exact
from dream_sft.io.errors import DataError
from dream_sft.io.schemas import load_schema
from tests.evaluation.made import answer

FAST = Resampling(1000, 1)


def side(name: str, grades: str, **changes: object) -> list[Answer]:
    return [answer(n, mark == "+", suite=name, **changes) for n, mark in enumerate(grades, 1)]


def checked(suites: list[dict[str, Any]]) -> list[dict[str, Any]]:
    schema = load_schema("comparison")["properties"]["suites"]["items"]
    for suite in suites:
        Draft202012Validator(schema).validate(suite)
    return suites


def both_sides() -> tuple[Suites, Suites]:
    before = {"gsm8k": side("gsm8k", "+" * 40 + "-" * 60), "cd3": side("cd3", "++--")}
    after = {"gsm8k": side("gsm8k", "+" * 38 + "-" * 42 + "+" * 20), "cd3": side("cd3", "+-+-")}
    return before, after


def test_every_figure() -> None:
    verdict, suites = compare(*both_sides(), resampling=FAST)
    gsm8k, cd3 = checked(suites)
    assert verdict == "better"
    assert (gsm8k["n"], gsm8k["before"]["correct"], gsm8k["after"]["correct"]) == (100, 40, 58)
    assert gsm8k["difference"] == pytest.approx(0.18)
    assert gsm8k["p"] == mcnemar_exact(20, 2)
    assert gsm8k["pHolm"] == 2 * gsm8k["p"]
    assert gsm8k["interval"][0] < 0.18 < gsm8k["interval"][1]
    assert gsm8k["lists"]["won"] == [str(n) for n in range(81, 101)]
    assert gsm8k["lists"]["lost"] == ["39", "40"]
    assert [len(gsm8k["lists"][kind]) for kind in ("both", "neither")] == [38, 40]
    assert (gsm8k["screeningOnly"], cd3["screeningOnly"]) == (False, True)
    assert (cd3["verdict"], cd3["p"], cd3["detectable"]) == ("no distinguishable change", 1.0, 1.0)
    assert cd3["diagnosis"] == ["few-questions"] and cd3["advice"] == ["ask-more-questions"]
    assert cd3["lists"] == {"won": ["3"], "lost": ["2"], "both": ["1"], "neither": ["4"]}


def test_swapped_sides_mirror() -> None:
    before, after = both_sides()
    verdict, suites = compare(after, before, resampling=FAST)
    assert verdict == "worse"
    assert checked(suites)[0]["advice"] == ["lower-learning-rate"]


def test_all_right_and_silence() -> None:
    silent = side("gsm8k", "-" * 60, readable=False, tokens=0, first_eos=0, extracted=None)
    verdict, suites = compare({"gsm8k": side("gsm8k", "+" * 60)}, {"gsm8k": silent})
    (suite,) = checked(suites)
    assert (verdict, suite["before"]["score"], suite["after"]["score"]) == ("worse", 1.0, 0.0)
    assert suite["after"]["unreadableIds"] == [str(n) for n in range(1, 61)]
    assert (suite["after"]["empty"], suite["diagnosis"]) == (60, ["empty"])
    assert suite["after"]["firstEos"] == {"answers": 60, "mean": 0.0, "median": 0.0}


def test_nothing_changed_at_all() -> None:
    same = {"gsm8k": side("gsm8k", "+-" * 30, first_eos=None, truncated=True)}
    verdict, suites = compare(same, same)
    (suite,) = checked(suites)
    assert (verdict, suite["p"], suite["interval"]) == ("no distinguishable change", 1.0, [0, 0])
    assert suite["newcombe"][0] < 0 < suite["newcombe"][1]
    assert (suite["before"]["firstEos"], suite["diagnosis"][0]) == (None, "truncated")


def test_flips_against_the_same_model_at_another_batch_size() -> None:
    before, after = both_sides()
    again = {"gsm8k": side("gsm8k", "-" + "+" * 40 + "-" * 59, harness="batch 1")}
    _, suites = compare(before, after, again=again, resampling=FAST)
    gsm8k, cd3 = checked(suites)
    assert gsm8k["flips"] == {"n": 100, "graded": 0.02, "text": 0.02}
    assert cd3["flips"] is None


def test_scores_with_and_without_contaminated_questions() -> None:
    before, after = both_sides()
    won = [f"q{n}" for n in range(81, 101)]
    rows = [{"row": n, "question": text, "response": ""} for n, text in enumerate(won, 1)]
    _, suites = compare({"gsm8k": before["gsm8k"]}, {"gsm8k": after["gsm8k"]}, rows=rows)
    (suite,) = checked(suites)
    held = suite["contamination"]
    assert [q["id"] for q in held["questions"]] == suite["lists"]["won"]
    assert held["questions"][0] == {"id": "81", "rows": [1], "rule": "exact"}
    assert held["clean"]["n"] == 80
    assert held["clean"]["difference"] == pytest.approx(-2 / 80)
    assert held["clean"]["p"] == 0.5
    assert (suite["verdict"], suite["advice"]) == ("better", ["trust-clean-score"])


def test_a_suite_that_is_contaminated_as_a_whole_has_no_clean_score() -> None:
    same = {"cd3": side("cd3", "+")}
    _, suites = compare(same, same, rows=[{"row": 1, "question": "Q1", "response": ""}])
    assert checked(suites)[0]["contamination"]["clean"] is None


def test_scores_by_subject() -> None:
    before = [answer(n, n < 5, subject="Algebra" if n % 2 else "Geometry") for n in range(10)]
    after = [answer(n, n < 7, subject="Algebra" if n % 2 else "Geometry") for n in range(10)]
    _, suites = compare({"math500": before}, {"math500": after})
    algebra, geometry = checked(suites)[0]["subjects"]
    assert (algebra["subject"], algebra["n"], algebra["before"], algebra["after"]) == (
        "Algebra",
        5,
        2,
        3,
    )
    assert (geometry["before"], geometry["after"]) == (3, 4)
    assert algebra["difference"] == pytest.approx(0.2)


def test_only_one_suite() -> None:
    before, _ = both_sides()
    assert only_suite({"gsm8k": before["gsm8k"]}, "gsm8k", "x") == before["gsm8k"]
    with pytest.raises(DataError, match="anchor: expected answers of gsm8k only, found gsm8k, cd3"):
        only_suite(before, "gsm8k", "anchor")
