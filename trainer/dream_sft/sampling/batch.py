"""Prompts of unequal length as one left-padded batch.

Shape letters: B rows, L prompt and canvas, C canvas positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream_sft.model.config import DreamConfig


@dataclass
class Batch:
    """Token ids [B, L] whose last C columns are the canvas; `keep` is False on left pads."""

    ids: NDArray[np.int64]
    keep: NDArray[np.bool_]
    canvas_start: int
    sample_ids: NDArray[np.uint64]

    @property
    def canvas(self) -> NDArray[np.int64]:
        """The canvas [B, C], a view: writing to it writes to `ids`."""
        return self.ids[:, self.canvas_start :]


def left_padded(
    prompts: Sequence[Sequence[int]], sample_ids: Sequence[int], canvas: int, config: DreamConfig
) -> Batch:
    """Every prompt ends where the canvas begins. Raises ValueError naming every bad prompt."""
    mistakes = []
    if len(prompts) != len(sample_ids):
        mistakes.append(f"{len(prompts)} prompts but {len(sample_ids)} sample ids")
    if not prompts:
        mistakes.append("no prompts")
    mistakes += [f"prompt {i} is empty" for i, prompt in enumerate(prompts) if not prompt]
    mistakes += [
        f"prompt {i} has token {bad}, outside the vocabulary of {config.vocab_size}"
        for i, prompt in enumerate(prompts)
        for bad in [t for t in prompt if not 0 <= t < config.vocab_size][:1]
    ]
    if mistakes:
        raise ValueError("cannot decode: " + "; ".join(mistakes))
    start = max(len(prompt) for prompt in prompts)
    ids = np.full((len(prompts), start + canvas), config.mask_token_id, np.int64)
    ids[:, :start] = config.pad_token_id
    keep = np.ones(ids.shape, np.bool_)
    for row, prompt in enumerate(prompts):
        ids[row, start - len(prompt) : start] = prompt
        keep[row, : start - len(prompt)] = False
    return Batch(ids, keep, start, np.asarray(sample_ids, np.uint64))
