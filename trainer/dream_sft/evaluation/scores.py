"""What a list of answers adds up to. Folding is over single answers, so that it does not matter in
how many shards or attempts they were made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dream_sft.evaluation.answers import Answer
from dream_sft.evaluation.statistics import wilson


@dataclass(frozen=True)
class Score:
    """`score` is correct / n; unreadable answers are wrong and counted here as well."""

    score: float
    n: int
    correct: int
    interval: tuple[float, float]  # Wilson, 95 %
    unreadable: int
    mean_answer_tokens: float
    seconds: float  # of all answers, earlier attempts included
    empty: int = 0  # nothing but end tokens
    truncated: int = 0  # the canvas ended first
    subjects: dict[str, tuple[int, int]] = field(default_factory=dict)  # subject: (n, correct)


def score_of(answers: Sequence[Answer]) -> Score:
    """Fold answers; no answers give a score of 0 with the interval [0, 1]."""
    n, correct = len(answers), sum(a.correct for a in answers)
    return Score(
        score=correct / max(1, n),
        n=n,
        correct=correct,
        interval=wilson(correct, n),
        unreadable=sum(not a.readable for a in answers),
        mean_answer_tokens=sum(a.tokens for a in answers) / max(1, n),
        seconds=sum(a.seconds for a in answers),
        empty=sum(a.empty for a in answers),
        truncated=sum(a.truncated for a in answers),
        subjects=by_subject(answers),
    )


def by_subject(answers: Iterable[Answer]) -> dict[str, tuple[int, int]]:
    """Subject → (n, correct), in alphabetical order; answers without a subject are left out."""
    counts: dict[str, tuple[int, int]] = {}
    for answer in answers:
        if answer.subject is not None:
            n, correct = counts.get(answer.subject, (0, 0))
            counts[answer.subject] = (n + 1, correct + answer.correct)
    return dict(sorted(counts.items()))


def score_key(model_digest: str, suite_digest: str, harness: str) -> str:
    """Under which a score may be kept and taken up again: weights, questions, settings.

    32 hexadecimal digits. The suite's digest holds its version, the harness the sampling settings
    and the shape of the batches, so that no two scores of one key can differ by their making.
    """
    text = "\n".join([model_digest, suite_digest, harness])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
