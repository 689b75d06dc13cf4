from __future__ import annotations

from dream_sft.evaluation.grading import GRADERS
from dream_sft.evaluation.suites import SUITES
from dream_sft.io.schemas import load_schema


def test_both_halves_know_the_same_suites_and_versions() -> None:
    contract = load_schema("suite-versions")["properties"]
    assert {name: part["const"] for name, part in contract.items()} == {
        name: kind.version for name, kind in SUITES.items()
    }


def test_a_spec_may_name_every_suite_and_grader() -> None:
    entry = load_schema("evaluate-spec")["properties"]["suites"]["items"]["properties"]
    assert entry["name"]["enum"] == list(SUITES)
    assert entry["grader"]["enum"] == list(GRADERS)
