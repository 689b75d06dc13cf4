"""Decoding a handful of prompts at once; `engine.Sampler` goes on over many.

Shape letters: n prompts, C canvas positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.engine import Sampler, Watch
from dream_sft.sampling.requests import Request, end_tokens, first_end
from dream_sft.sampling.trace import Trace


@dataclass(frozen=True)
class Answers:
    """What the prompts decoded to, in their order."""

    tokens: NDArray[np.int64]  # [n, C]; after an early stop the rest is end tokens
    steps: NDArray[np.int64]  # [n] steps until the row was complete
    forwards: int  # passes through the model, of whatever kind
    trace: Trace | None
    ends: frozenset[int]

    def until_end(self, row: int, end_token: int | None = None) -> list[int]:
        """The row's tokens before its first end token (or the one named)."""
        ends = self.ends if end_token is None else self.ends | {end_token}
        kept: list[int] = self.tokens[row, : first_end(self.tokens[row], ends)].tolist()
        return kept


def sample(
    model: Dream,
    prompts: Sequence[Sequence[int]],
    sample_ids: Sequence[int],
    config: SamplingConfig,
    *,
    trace: bool = False,
    slots: int | None = None,
    watch: Watch | None = None,
) -> Answers:
    """Decode one answer for each prompt; prompts may differ in length.

    Raises ValueError (an empty prompt, a token outside the vocabulary, unequal counts).
    A model that prefers its own mask token leaves it in the answer, as the official code does.
    """
    if len(prompts) != len(sample_ids):
        raise ValueError(f"cannot decode: {len(prompts)} prompts but {len(sample_ids)} sample ids")
    asked = [Request(*pair) for pair in zip(prompts, sample_ids, strict=True)]
    sampler = Sampler(model, config, slots=slots or max(1, len(asked)))
    rows = sorted(sampler.decode(asked, trace=trace, watch=watch), key=lambda row: row.index)
    steps_n = np.array([row.steps for row in rows])
    reveals = [reveal for row in rows for reveal in row.reveals or []]
    return Answers(
        tokens=np.stack([row.tokens for row in rows]),
        steps=steps_n,
        forwards=sum(sampler.passes.values()),
        trace=Trace(reveals, steps_n) if trace else None,
        ends=end_tokens(model.config),
    )
