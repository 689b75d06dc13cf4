"""What a suite is: frozen questions in a frozen order, how to ask, how to grade."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from dream_sft.evaluation.grading import Grade


@dataclass(frozen=True)
class Question:
    """`id` is stable across runs and seeds; `question` is the bare text, without instructions.

    `grader` is set by custom suites only, whose rows may name different ones.
    """

    id: str
    question: str
    gold: str
    subject: str | None = None
    grader: str | None = None


def bare(question: Question) -> str:
    """The question as it stands, one user turn."""
    return question.question


@dataclass(frozen=True)
class Suite:
    """`version` goes up whenever prompt, choice of questions or grading changes."""

    name: str
    version: int
    questions: tuple[Question, ...]
    grade: Callable[[str, Question], Grade]
    prompt: Callable[[Question], str] = bare

    @property
    def digest(self) -> str:
        """sha256 of name, version, prompts and their order: equal digests were asked the same."""
        asked = [
            self.name,
            self.version,
            [[q.id, self.prompt(q), q.gold, q.grader] for q in self.questions],
        ]
        return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()
