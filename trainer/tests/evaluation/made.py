"""Answers and models for tests: one that is always right, one that says nothing."""

from __future__ import annotations

import torch
from torch import Tensor

from dream_sft.data.character_tokenizer import CharacterTokenizer, default_vocabulary
from dream_sft.evaluation.answers import Answer
from dream_sft.evaluation.suites import Suite
from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig

CANVAS = 8
SAMPLING = SamplingConfig(
    order="maskgit_plus", max_new_tokens=CANVAS, steps=CANVAS, block_length=1, stop_at_end=False
)
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


class Scripted(Dream):
    """Says for each prompt what `lines` holds, then end tokens; counts forward passes.

    The text is looked up by the prompt's ids and put into the logits; the sampler, batches,
    decoding and grading around it are the real ones.
    """

    def __init__(self, lines: dict[tuple[int, ...], list[int]]) -> None:
        super().__init__(
            DreamConfig(
                vocab_size=TOKENIZER.vocab_size,
                hidden_size=TOKENIZER.vocab_size,
                intermediate_size=4,
                num_hidden_layers=1,
                num_attention_heads=2,
                num_key_value_heads=2,
                max_position_embeddings=64,
                mask_token_id=TOKENIZER.mask_id,
                pad_token_id=TOKENIZER.pad_id,
                eos_token_id=TOKENIZER.eos_id,
                rope_theta=1e4,
                rms_norm_eps=1e-6,
            )
        )
        self.lines, self.forwards = lines, 0

    def hidden(
        self, ids_BL: Tensor, *, positions_BL: Tensor | None = None, keep_BL: Tensor | None = None
    ) -> Tensor:
        self.forwards += 1
        start = ids_BL.shape[1] - CANVAS
        hidden_BLD = torch.zeros(*ids_BL.shape, TOKENIZER.vocab_size)
        for row, ids in enumerate(ids_BL.tolist()):
            prompt = ids[:start]
            if keep_BL is not None:
                prompt = [t for t, kept in zip(prompt, keep_BL[row].tolist(), strict=False) if kept]
            said = self.lines[tuple(prompt)]
            for place in range(CANVAS):
                token = said[place] if place < len(said) else TOKENIZER.eos_id
                hidden_BLD[row, start + place - 1, token] = 1.0
        return hidden_BLD

    def head(self, hidden: Tensor) -> Tensor:
        return 20.0 * hidden


def scripted(suite: Suite, says: dict[str, str] | None) -> Scripted:
    """Says the gold answer, or what `says` holds by question id, or nothing at all (None)."""
    from dream_sft.evaluation.run import prompt_ids

    lines = {}
    for q in suite.questions:
        text = "" if says is None else says.get(q.id, q.gold)
        lines[tuple(prompt_ids(TOKENIZER, suite.prompt(q), None))] = TOKENIZER.encode(text)
    return Scripted(lines)
