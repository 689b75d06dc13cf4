"""From numbers to a verdict, what may lie behind it, and what to do: codes, no sentences.

A verdict follows from the adjusted p alone. It never promises a gain: `no distinguishable change`
is what most small evaluations end in, and says nothing about equality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dream_sft.evaluation.scores import Score

BETTER, WORSE, NO_CHANGE = "better", "worse", "no distinguishable change"
LEVEL = 0.05
SCREENING = 50  # questions; up to so many an evaluation is screening only

# Shares of answers from which on a fault is named, if it also grew; twice as much is named anyway.
TRUNCATED, EMPTY, UNREADABLE = 0.05, 0.02, 0.05
LONGER_TIMES, LONGER_TOKENS = 1.5, 20
FEW_POINTS = 0.05  # a difference that large should have been seen

_ADVICE = {
    "truncated": "raise-canvas",
    "empty": "shorten-eos-tail",
    "unreadable": "match-answer-format",
    "contaminated": "trust-clean-score",
    "few-questions": "ask-more-questions",
    "within-batch-noise": "compare-at-one-batch-size",
}
_EXPLAINS_A_LOSS = {"truncated", "empty", "unreadable"}


@dataclass(frozen=True)
class Findings:
    """What a verdict and its diagnosis rest on, of one suite."""

    before: Score
    after: Score
    p_holm: float
    detectable: float
    contaminated: int = 0  # questions
    flips: float | None = None  # share graded otherwise at another batch size

    @property
    def difference(self) -> float:
        """After minus before, as a share."""
        return self.after.score - self.before.score


def verdict(findings: Findings) -> str:
    """By Holm's p below 0.05 and the sign of the difference."""
    if findings.p_holm >= LEVEL or findings.difference == 0:
        return NO_CHANGE
    return BETTER if findings.difference > 0 else WORSE


def overall(verdicts: Sequence[str]) -> str:
    """Worse if any suite is worse: a gain elsewhere does not pay for it. Else better if any is."""
    return next((v for v in (WORSE, BETTER) if v in verdicts), NO_CHANGE)


def diagnosis(findings: Findings) -> list[str]:
    """Codes of everything that speaks against taking the scores at face value."""
    before, after = findings.before, findings.after
    longer = after.mean_answer_tokens - before.mean_answer_tokens
    found = {
        "truncated": _grew(before.truncated, after.truncated, after.n, TRUNCATED),
        "empty": _grew(before.empty, after.empty, after.n, EMPTY),
        "unreadable": _grew(
            before.unreadable - before.empty, after.unreadable - after.empty, after.n, UNREADABLE
        ),
        "longer": longer >= LONGER_TOKENS
        and after.mean_answer_tokens >= LONGER_TIMES * before.mean_answer_tokens,
        "contaminated": findings.contaminated > 0,
        "few-questions": verdict(findings) == NO_CHANGE and findings.detectable > FEW_POINTS,
        "within-batch-noise": findings.flips is not None
        and 0 < abs(findings.difference) <= findings.flips,
    }
    return [code for code, holds in found.items() if holds]


def _grew(before: int, after: int, n: int, share: float) -> bool:
    return after >= 2 * share * n or (after > before and after >= share * n)


def advice(found: str, codes: Sequence[str]) -> list[str]:
    """What to try for a verdict with this diagnosis, each once."""
    tips = [_ADVICE[code] for code in codes if code in _ADVICE]
    if found == WORSE and not _EXPLAINS_A_LOSS & set(codes):
        tips.append("lower-learning-rate")
    return tips
