"""What a list of answers adds up to. Folding is over single answers, so that it does not matter in
how many shards or attempts they were made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dream_sft.evaluation.answers import Answer
from dream_sft.evaluation.detectable import smallest_detectable
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


def score_key(answer: Answer) -> str:
    """Under which a score may be kept and taken up again: equal keys are the same scores.

    32 hexadecimal digits over the suite, its version, and `settings`, which stands for the weights,
    the questions and everything else that an answer depends on, the shape of the batches included.
    """
    text = json.dumps([answer.suite, answer.version, answer.settings])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def metrics_of(suites: Mapping[str, Sequence[Answer]], fresh: int) -> dict[str, Any]:
    """EvaluateMetrics (schema `event`) of the answers of each suite, of which `fresh` are new.

    It depends on the answers alone, so that shards put together give what one run would have.
    """
    scores = {name: _suite_metrics(answers) for name, answers in suites.items()}
    questions = sum(score["n"] for score in scores.values())
    return {
        "suites": scores,
        "secondsPerQuestion": sum(score["seconds"] for score in scores.values())
        / max(questions, 1),
        "answersThisAttempt": fresh,
    }


def _suite_metrics(answers: Sequence[Answer]) -> dict[str, Any]:
    score = score_of(answers)
    return {
        "score": score.score,
        "n": score.n,
        "correct": score.correct,
        "interval": list(score.interval),
        "unreadable": score.unreadable,
        "meanAnswerTokens": score.mean_answer_tokens,
        "seconds": score.seconds,
        "version": answers[0].version,
        "empty": score.empty,
        "truncated": score.truncated,
        "key": score_key(answers[0]),
        "detectable": smallest_detectable(score.n),
        "subjects": {s: {"n": n, "correct": right} for s, (n, right) in score.subjects.items()},
    }
