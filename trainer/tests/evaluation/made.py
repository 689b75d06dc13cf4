"""Answers and decoders for tests: one that is always right, one that says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dream_sft.data.character_tokenizer import CharacterTokenizer, default_vocabulary
from dream_sft.evaluation.answers import Answer
from dream_sft.evaluation.run import prompt_ids
from dream_sft.evaluation.suites import Suite
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.requests import Decoded, Request

CANVAS = 8
TOKENIZER = CharacterTokenizer(default_vocabulary(), "made")


def answer(number: int, correct: bool, **changes: object) -> Answer:
    values: dict[str, object] = {
        "suite": "arithmetic",
        "version": 1,
        "subject": None,
        "id": str(number),
        "question": f"q{number}",
        "gold": "1",
        "answer": "1" if correct else "2",
        "extracted": "1" if correct else "2",
        "correct": correct,
        "readable": True,
        "tokens": 1,
        "first_eos": 1,
        "truncated": False,
        "seconds": 0.1,
        "harness": "h",
        "settings": "s",
    }
    return Answer(**{**values, **changes})  # type: ignore[arg-type]


class Scripted:
    """Says for each prompt what `lines` holds, then end tokens; answers finish in another order
    than they were asked in. Counts the questions that it was asked."""

    def __init__(
        self, lines: dict[tuple[int, ...], list[int]], slots: int = 4, canvas: int = CANVAS
    ) -> None:
        self.lines, self.slots, self.asked, self.canvas = lines, slots, 0, canvas
        self.config = SamplingConfig(max_new_tokens=canvas, block_length=canvas)

    @property
    def key(self) -> dict[str, int | None]:
        return {"slots": self.slots}

    def decode(self, requests: Sequence[Request]) -> Iterator[Decoded]:
        for index in sorted(range(len(requests)), key=lambda i: requests[i].sample_id):
            self.asked += 1
            canvas = self.canvas
            said = self.lines[tuple(requests[index].prompt)][:canvas]
            tokens = np.array(said + [TOKENIZER.eos_id] * (canvas - len(said)), np.int64)
            end = len(said) if len(said) < canvas else None
            yield Decoded(index, tokens, steps=canvas, passes=canvas, first_end=end, reveals=None)


def scripted(suite: Suite, says: dict[str, str] | None, canvas: int = CANVAS) -> Scripted:
    """Says the gold answer, or what `says` holds by question id, or nothing at all (None)."""
    lines = {}
    for q in suite.questions:
        text = "" if says is None else says.get(q.id, q.gold)
        lines[tuple(prompt_ids(TOKENIZER, suite.prompt(q), None))] = TOKENIZER.encode(text)
    return Scripted(lines, canvas=canvas)
