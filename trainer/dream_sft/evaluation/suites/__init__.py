"""Suites by the name that a run spec gives them; one file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dream_sft.evaluation.suites.arithmetic import load as load_arithmetic
from dream_sft.evaluation.suites.gsm8k import load as load_gsm8k
from dream_sft.evaluation.suites.suite import Question, Suite
from dream_sft.io.errors import SpecError

__all__ = ["SUITES", "Question", "Suite", "load_suite"]

SUITES: dict[str, Callable[[Mapping[str, Any]], Suite]] = {
    "arithmetic": load_arithmetic,
    "gsm8k": load_gsm8k,
}


def load_suite(entry: Mapping[str, Any]) -> Suite:
    """The suite of one spec entry {name, questions, seed, file}.

    Raises SpecError (unknown name, more questions than there are, no file) and DataError (a
    damaged file).
    """
    name = entry["name"]
    if name not in SUITES:
        raise SpecError(f"suite {name!r} is none of {', '.join(SUITES)}")
    return SUITES[name](entry)
