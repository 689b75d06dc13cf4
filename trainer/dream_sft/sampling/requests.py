"""What is asked, and what comes back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream_sft.model.config import DreamConfig
from dream_sft.sampling.trace import Reveal

# <|im_end|> ends a turn as well; it is in no config.json, so it is known by its neighbours.
_PUBLISHED_EOS, _PUBLISHED_MASK, _IM_END = 151643, 151666, 151645


@dataclass(frozen=True)
class Request:
    """A prompt as token ids, and the id that its draws depend on."""

    prompt: Sequence[int]
    sample_id: int


@dataclass(frozen=True)
class Decoded:
    """What a request decoded to."""

    index: int  # of the request
    tokens: NDArray[np.int64]  # [C]; after an early stop the rest is end tokens
    steps: int  # until the row was complete
    passes: int  # through the model that it took part in
    first_end: int | None  # canvas position of the first end token
    reveals: list[Reveal] | None

    def kept(self) -> list[int]:
        """The tokens before the first end token."""
        kept: list[int] = self.tokens[: self.first_end].tolist()
        return kept


def end_tokens(config: DreamConfig) -> frozenset[int]:
    """What ends an answer: the end token, and <|im_end|> in Dream's published vocabulary."""
    published = (config.eos_token_id, config.mask_token_id) == (_PUBLISHED_EOS, _PUBLISHED_MASK)
    return frozenset({config.eos_token_id} | ({_IM_END} if published else set()))


def first_end(tokens_C: NDArray[np.int64], ends: Collection[int]) -> int | None:
    """The place of the first end token, or None."""
    places = np.flatnonzero(np.isin(tokens_C, list(ends)))
    return int(places[0]) if len(places) else None


def check(requests: Sequence[Request], config: DreamConfig) -> None:
    """Raises ValueError naming every bad prompt."""
    mistakes = [] if requests else ["no prompts"]
    mistakes += [f"prompt {i} is empty" for i, r in enumerate(requests) if not len(r.prompt)]
    mistakes += [
        f"prompt {i} has token {bad}, outside the vocabulary of {config.vocab_size}"
        for i, request in enumerate(requests)
        for bad in [t for t in request.prompt if not 0 <= t < config.vocab_size][:1]
    ]
    if mistakes:
        raise ValueError("cannot decode: " + "; ".join(mistakes))
