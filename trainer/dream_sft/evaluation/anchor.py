"""Whether this harness reproduces the published model, before anything is believed of it.

The base is asked the same 200 GSM8K questions under the presets `published` and `default`.
Dream-v0-Instruct-7B has 81.0 % there (its model card; 82.0 % by dLLM's re-run).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dream_sft.evaluation.answers import Answer
from dream_sft.io.errors import DataError

LEAST_PUBLISHED = 70  # per cent
MOST_APART = 5  # points
SENTENCE = "this harness does not reproduce the published model"


@dataclass(frozen=True)
class Anchor:
    """Scores as shares; `sentence` opens the report when the anchor does not hold."""

    n: int
    published: float
    default: float
    holds: bool

    @property
    def sentence(self) -> str | None:
        """None when it holds."""
        if self.holds:
            return None
        return (
            f"{SENTENCE}: {self.n} GSM8K questions give {100 * self.published:.1f} % under "
            f"published and {100 * self.default:.1f} % under default "
            f"(wanted: at least {LEAST_PUBLISHED} %, at most {MOST_APART} points apart)"
        )


def anchor(published: Sequence[Answer], default: Sequence[Answer]) -> Anchor:
    """The rule. Raises DataError unless both sides answer the same questions, and some.

    In whole numbers: 70.0 % and 5.0 points apart still hold.
    """
    if not published or [a.id for a in published] != [a.id for a in default]:
        raise DataError("anchor: published and default must answer the same gsm8k questions")
    n = len(published)
    first, second = (sum(a.correct for a in side) for side in (published, default))
    holds = 100 * first >= LEAST_PUBLISHED * n and 100 * abs(first - second) <= MOST_APART * n
    return Anchor(n, first / n, second / n, holds)
