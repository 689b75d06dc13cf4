"""Three comparison cases by a stated rule, so that nobody picks the pretty ones.

In the order of the questions: the first that was fixed, the first still wrong, and the first
that got worse; where none got worse, the first that was right both times. A kind without any
question is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dream_sft.evaluation.answers import Answer

Verdict = Literal["fixed", "still-wrong", "got-worse", "both-right"]


@dataclass(frozen=True)
class Case:
    """One question with both answers."""

    verdict: Verdict
    before: Answer
    after: Answer


def pick_cases(before: Sequence[Answer], after: Sequence[Answer]) -> list[Case]:
    """At most three cases; questions that only one side answered are passed over."""
    later = {answer.id: answer for answer in after}
    cases = [
        Case(_verdict(answer.correct, later[answer.id].correct), answer, later[answer.id])
        for answer in before
        if answer.id in later
    ]
    first: dict[Verdict, Case] = {}
    for case in cases:
        first.setdefault(case.verdict, case)
    third: Verdict = "got-worse" if "got-worse" in first else "both-right"
    wanted: tuple[Verdict, ...] = ("fixed", "still-wrong", third)
    return [first[verdict] for verdict in wanted if verdict in first]


def _verdict(before: bool, after: bool) -> Verdict:
    if before:
        return "both-right" if after else "got-worse"
    return "fixed" if after else "still-wrong"
