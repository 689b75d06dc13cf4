"""Evaluation questions that the training rows hold, and what they do to a difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dream_sft.data.overlap import EXACT, OverlapIndex
from dream_sft.evaluation.answers import Answer


@dataclass(frozen=True)
class Held:
    """A question, the numbers of the rows that hold it, and the strictest rule that says so."""

    id: str
    rows: tuple[int, ...]
    rule: str  # exact, 8-gram, 13-gram


def contaminated(answers: Sequence[Answer], rows: Iterable[Mapping[str, Any]]) -> list[Held]:
    """Of the answered questions of one suite those that a training row (`row`, `question`,
    `response`, as convert writes them) holds, in the order of `answers`."""
    index = OverlapIndex(answer.question for answer in answers)
    found: dict[int, dict[int, str]] = {}
    for row in rows:
        for place, rule in index.questions_in(row["question"], row["response"]).items():
            found.setdefault(place, {})[int(row["row"])] = rule
    return [
        Held(
            answers[place].id,
            tuple(sorted(held)),
            EXACT if EXACT in held.values() else next(iter(held.values())),
        )
        for place, held in sorted(found.items())
    ]
