"""What a suite is: frozen questions in a frozen order, and a rule that reads an answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Question:
    """`id` is stable across runs and seeds; `gold` is the number as the source writes it."""

    id: str
    question: str
    gold: str


@dataclass(frozen=True)
class Suite:
    """`extract` gives the number that an answer commits to, or None when it has none."""

    name: str
    questions: tuple[Question, ...]
    extract: Callable[[str], Fraction | None]

    @property
    def digest(self) -> str:
        """sha256 of name, questions and their order: equal digests were asked the same."""
        asked = [self.name, [[q.id, q.question, q.gold] for q in self.questions]]
        return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()
