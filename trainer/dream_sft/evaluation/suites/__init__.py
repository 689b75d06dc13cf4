"""Suites by the name that a run spec gives them; one file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dream_sft.evaluation.suites import arithmetic, countdown, custom, gsm8k, math500, sudoku
from dream_sft.evaluation.suites.suite import Question, Suite
from dream_sft.io.errors import SpecError

__all__ = ["SUITES", "Question", "Suite", "all_questions", "load_suite"]

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """`load` gives what will be asked, `everything` all that its source holds."""

    version: int
    load: Callable[[Entry], Suite]
    everything: Callable[[Entry], Sequence[Question]]


SUITES: dict[str, Kind] = {
    "arithmetic": Kind(arithmetic.VERSION, arithmetic.load, arithmetic.everything),
    "gsm8k": Kind(gsm8k.VERSION, gsm8k.load, gsm8k.everything),
    "math500": Kind(math500.VERSION, math500.load, math500.everything),
    **{
        f"cd{n}": Kind(countdown.VERSION, countdown.loader(n), countdown.everything(n))
        for n in (3, 4, 5)
    },
    "sudoku": Kind(sudoku.VERSION, sudoku.load, sudoku.everything),
    "custom": Kind(custom.VERSION, custom.load, custom.everything),
}


def load_suite(entry: Entry) -> Suite:
    """The suite of one spec entry {name, questions, seed, file, grader}.

    Raises SpecError (unknown name, more questions than there are, no file) and DataError (a
    damaged file).
    """
    return _kind(entry).load(entry)


def all_questions(entry: Entry) -> Sequence[Question]:
    """Every question of the suite's source, asked or not. Raises as `load_suite` does."""
    return _kind(entry).everything(entry)


def _kind(entry: Entry) -> Kind:
    name = entry["name"]
    if name not in SUITES:
        raise SpecError(f"suite {name!r} is none of {', '.join(SUITES)}")
    return SUITES[name]
