"""Where each row of a batch stands. Rows are at steps and blocks of their own.

Shape letters: B slots, C canvas positions, S padded positions, W = block + 1 window positions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_sft.model.config import DreamConfig
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.requests import Decoded, Request, first_end
from dream_sft.sampling.trace import Reveal

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Slots:
    """B rows of one context; those that are not `live` are dummies."""

    def __init__(self, size: int, context: int, config: SamplingConfig, model: DreamConfig) -> None:
        self.size, self.context, self.config, self.model = size, context, config, model
        canvas = config.max_new_tokens
        self.live = np.zeros(size, np.bool_)
        self.commit = np.zeros(size, np.bool_)  # the finished block's pass comes next
        self.prompt_BS = np.zeros((size, context), np.int64)
        # The last prompt token and the canvas: the logit of a position lives one to the left.
        self.tail = np.full((size, canvas + 1), model.mask_token_id, np.int64)
        self.confidence = np.zeros((size, canvas), np.float32)  # when last revealed
        self.sample_ids = np.zeros(size, np.uint64)
        self.index, self.length, self.block, self.step, self.passes, self.all_passes = np.zeros(
            (6, size), np.int64
        )
        self.reveals: list[list[Reveal]] = [[] for _ in range(size)]

    @property
    def canvas(self) -> Ints:
        """[B, C], a view: writing to it writes to the rows."""
        return self.tail[:, 1:]

    @property
    def masked(self) -> Mask:
        """[B, C] undecided positions."""
        masked: Mask = self.canvas == self.model.mask_token_id
        return masked

    @property
    def open(self) -> Mask:
        """[B, C] positions of each row's present block."""
        block_C = np.arange(self.config.max_new_tokens) // self.config.block
        opened: Mask = block_C[None] == self.block[:, None]
        return opened

    def admit(self, slot: int, index: int, request: Request) -> None:
        """Begin a row."""
        length = len(request.prompt)
        self.prompt_BS[slot] = 0
        self.prompt_BS[slot, :length] = request.prompt
        self.tail[slot] = self.model.mask_token_id
        self.tail[slot, 0] = request.prompt[-1]
        self.index[slot], self.length[slot] = index, length
        self.sample_ids[slot] = request.sample_id
        for counter in (self.block, self.step, self.passes, self.all_passes):
            counter[slot] = 0
        self.live[slot], self.commit[slot] = True, False
        self.reveals[slot] = []

    def rows(self, slots: list[int]) -> tuple[Ints, NDArray[np.int32]]:
        """Whole rows [F, S] and their used lengths [F]."""
        ids_FS = self.prompt_BS[slots]
        for row, slot in enumerate(slots):
            start = int(self.length[slot])
            ids_FS[row, start : start + self.config.max_new_tokens] = self.canvas[slot]
        return ids_FS, (self.length[slots] + self.config.max_new_tokens).astype(np.int32)

    def windows(self, wanted: Mask) -> tuple[Ints, Ints, NDArray[np.int32]]:
        """Ids [B, W], first positions and used lengths [B]; rows not wanted are dummies, which
        touch the first positions of their own slot alone."""
        width = self.config.block + 1
        places_BW = self.first_open()[:, None] + np.arange(width)
        ids_BW = np.take_along_axis(self.tail, places_BW, axis=1)
        start_B = np.where(wanted, self.first_positions(), 0)
        used_B = np.where(wanted, self.length + self.config.max_new_tokens, width)
        return ids_BW, start_B, used_B.astype(np.int32)

    def first_positions(self) -> Ints:
        """[B] where the window [s-1, e) of each row's block begins."""
        first: Ints = self.length - 1 + self.first_open()
        return first

    def first_open(self) -> Ints:
        """[B] canvas position where each row's block begins."""
        first: Ints = self.block * self.config.block
        return first

    def end(self, slot: int, steps: int, ends: frozenset[int], *, trace: bool) -> Decoded:
        """Free a slot; what its row decoded to."""
        self.live[slot] = self.commit[slot] = False
        self.block[slot] = 0
        tokens_C = self.canvas[slot].copy()
        return Decoded(
            index=int(self.index[slot]),
            tokens=tokens_C,
            steps=steps,
            passes=int(self.all_passes[slot]),
            first_end=first_end(tokens_C, ends),
            reveals=self.reveals[slot] if trace else None,
        )
