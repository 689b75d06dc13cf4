"""The evaluation questions that validate looks for in the training rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def suite_questions(suite: Mapping[str, Any]) -> list[str]:
    """Question texts of one suite entry of the spec, without the instructions around them.

    Every question of the suite's file, not only those that will be asked: a training row that holds
    any of them teaches the suite. Raises what loading the suite raises.
    """
    # Imported here: convert and download do not need the evaluation package.
    from dream_sft.evaluation.suites import all_questions

    return [item.question for item in all_questions(suite)]
