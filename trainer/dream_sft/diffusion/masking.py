"""Documents under noise: which tokens are masked, and how many end tokens follow an answer.

A document is prompt | answer | first end token | tail of end tokens, length L. The prompt is
never masked; answer and end tokens are supervised and attended ("learn EOS", sft_dataset.py
of the official trainer), so a model learns to fill the rest of its canvas with end tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dream_sft.diffusion.noise import Purpose, uniform

# Parts of a document, as numbers because they travel in arrays.
ANSWER, FIRST_EOS, TAIL, PROMPT = 0, 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class EosTail:
    """How long the tail is, and whether it is masked token by token or as one.

    length `uniform`: the first end token is followed by low..high more, drawn per (sample,
    epoch). length `official`: responses are cut or filled to one length per global batch.
    as_one: all end tokens share the mask bit of the first (`treat_eos_as_one`, gen_utils.py).
    """

    length: Literal["uniform", "official"] = "uniform"
    low: int = 0
    high: int = 0
    as_one: bool = False

    def __post_init__(self) -> None:
        mistakes = []
        if self.length not in ("uniform", "official"):
            mistakes.append(f"length {self.length!r} is neither 'uniform' nor 'official'")
        if self.low < 0:
            mistakes.append(f"low {self.low} is below 0")
        if self.high < self.low:
            mistakes.append(f"high {self.high} is below low {self.low}")
        if self.length == "official" and (self.low or self.high):
            mistakes.append("low and high have no meaning with length 'official'")
        if mistakes:
            raise ValueError("EOS tail: " + "; ".join(mistakes))

    @classmethod
    def parse(cls, value: Sequence[int] | str) -> EosTail:
        """From a run spec: [low, high], 'official', or 'as_one' (official lengths, one bit)."""
        if isinstance(value, str):
            if value not in ("official", "as_one"):
                raise ValueError(f"EOS tail: {value!r} is neither 'official' nor 'as_one'")
            return cls(length="official", as_one=value == "as_one")
        if len(value) != 2:
            raise ValueError(f"EOS tail: expected two numbers, got {list(value)}")
        return cls(low=value[0], high=value[1])


@dataclass(frozen=True)
class Shape:
    """How many tokens of each part a document has; the response may be cut short."""

    prompt: int
    answer: int
    eos: int

    @property
    def length(self) -> int:
        """L, in tokens."""
        return self.prompt + self.answer + self.eos


def tail_lengths(tail: EosTail, seed: int, sample_ids: ArrayLike, epoch: int) -> NDArray[np.int64]:
    """End tokens after the first of each document, uniform on low..high."""
    unit_N = uniform(seed, sample_ids, epoch, Purpose.EOS_TAIL, 0)
    return tail.low + (unit_N * (tail.high - tail.low + 1)).astype(np.int64)


def official_cutoff(seed: int, epoch: int, step: int, response_lengths: Sequence[int]) -> int:
    """Response length R of this global batch: the length of one of its responses (no EOS).

    `random_with_input_pad` of the official collator, drawn over the global batch, so that it
    does not depend on how ranks and micro-batches divide it. Lengths come in batch order.
    """
    unit = float(uniform(seed, step, epoch, Purpose.CUTOFF, 0))
    return response_lengths[int(unit * len(response_lengths))]


def uniform_shape(prompt: int, answer: int, tail: int) -> Shape:
    """A whole document: the answer, its end token and `tail` more."""
    return Shape(prompt, answer, 1 + tail)


def official_shape(prompt: int, answer: int, cutoff: int) -> Shape:
    """A document whose response has exactly `cutoff` tokens: cut, or filled with end tokens."""
    kept = min(answer, cutoff)
    return Shape(prompt, kept, cutoff - kept)


def parts_of(shape: Shape) -> NDArray[np.int8]:
    """The part of every position, [L]."""
    parts_L = np.full(shape.length, TAIL, np.int8)
    parts_L[: shape.prompt] = PROMPT
    parts_L[shape.prompt : shape.prompt + shape.answer] = ANSWER
    if shape.eos:
        parts_L[shape.prompt + shape.answer] = FIRST_EOS
    return parts_L


def masked_response(
    below_L: NDArray[np.bool_], shape: Shape, *, as_one: bool = False
) -> NDArray[np.bool_]:
    """Which positions [L] are masked, from whether the draw of each is below t."""
    masked_L: NDArray[np.bool_] = below_L.copy()
    masked_L[: shape.prompt] = False
    if as_one and shape.eos:
        first = shape.prompt + shape.answer
        masked_L[first:] = masked_L[first]
    return masked_L
