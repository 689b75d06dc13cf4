"""Lays documents under noise out in rows that the model computes together.

Shape letters: B rows of a micro-batch, L positions, N documents.

Padded: one document a row, rows filled on the right to the longest. Packed: one row, documents one
after the other, filled to a multiple of 128 by a last document of its own, which nothing else
attends and which is never a target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dream_sft.diffusion.loss import LossPlan, level_of, plan_loss
from dream_sft.diffusion.masking import PROMPT, Shape, parts_of
from dream_sft.diffusion.weighting import Weighting, token_weights
from dream_sft.train.packing import ROW_MULTIPLE, pack, rounded


@dataclass(frozen=True)
class TokenIds:
    """The three tokens that the objective writes."""

    mask: int
    eos: int
    pad: int


@dataclass(frozen=True)
class Sample:
    """One document of a step under its noise; `masked_L` covers prompt, answer and end tokens."""

    sample_id: int
    epoch: int
    t: float
    ids_L: NDArray[np.int64]
    shape: Shape
    masked_L: NDArray[np.bool_]

    @property
    def tokens(self) -> int:
        """Prompt, response and first end token."""
        return self.shape.prompt + self.shape.answer + min(self.shape.eos, 1)


@dataclass(frozen=True)
class MicroBatch:
    """Rows for one forward pass.

    Padded: `keep_BL` names the real tokens (None when no row needs padding). Packed (B = 1):
    `positions_BL` restarts in each document and `lengths` are the documents' lengths with the
    padding's as the last; they fill the row.
    """

    noised_BL: NDArray[np.int64]
    keep_BL: NDArray[np.bool_] | None
    plan: LossPlan
    sample_ids: list[int]
    positions_BL: NDArray[np.int64] | None = None
    lengths: tuple[int, ...] | None = None


@dataclass(frozen=True)
class GlobalBatch:
    """All that one optimizer step sees."""

    step: int
    epoch: float  # passes over the data set when this step is done
    samples: list[Sample]
    micro_batches: list[MicroBatch]
    masked: int  # tokens, over the whole global batch
    tokens: int  # document tokens
    ends_epoch: bool = False  # the last document of an epoch is in it


@dataclass(frozen=True)
class RowLayout:
    """How a global batch is cut into micro-batches.

    packed_tokens: tokens of a packed row at most, None for padded rows of `documents` each.
    ranks: processes; the number of micro-batches is a multiple of it, and micro-batches
    i * ranks to i * ranks + ranks - 1 are computed at the same time, one on each rank.
    """

    documents: int
    packed_tokens: int | None = None
    ranks: int = 1


def micro_batches(
    samples: Sequence[Sample], layout: RowLayout, ids: TokenIds, weighting: Weighting
) -> list[MicroBatch]:
    """Every sample in exactly one micro-batch; one without samples masks nothing."""
    if layout.packed_tokens is None:
        cuts = _padded_cuts(len(samples), layout)
        return [_padded(samples[at:end], ids, weighting) for at, end in cuts]
    lengths = [sample.shape.length for sample in samples]
    rows = pack(lengths, layout.packed_tokens, layout.ranks)
    return [_packed([samples[n] for n in row], ids, weighting) for row in rows]


def _padded_cuts(count: int, layout: RowLayout) -> Iterator[tuple[int, int]]:
    """Runs of `documents` samples; over several ranks runs of nearly equal size."""
    if layout.ranks == 1:
        for at in range(0, count, layout.documents):
            yield at, min(at + layout.documents, count)
        return
    rounds = -(-count // (layout.documents * layout.ranks))
    marks = [count * n // (rounds * layout.ranks) for n in range(rounds * layout.ranks + 1)]
    yield from pairwise(marks)


def _padded(samples: Sequence[Sample], ids: TokenIds, weighting: Weighting) -> MicroBatch:
    # A rank without samples computes one row of padding.
    longest = max((sample.shape.length for sample in samples), default=ROW_MULTIPLE)
    rows = _Rows(max(len(samples), 1), longest, ids)
    for row, sample in enumerate(samples):
        rows.put(row, 0, sample, weighting)
    keep_BL = rows.keep_BL
    return MicroBatch(
        noised_BL=rows.noised(ids),
        keep_BL=None if keep_BL.all() or not samples else keep_BL,
        plan=rows.plan(),
        sample_ids=[sample.sample_id for sample in samples],
    )


def _packed(samples: Sequence[Sample], ids: TokenIds, weighting: Weighting) -> MicroBatch:
    lengths = [sample.shape.length for sample in samples]
    row_length = rounded(sum(lengths))
    rows = _Rows(1, row_length, ids)
    starts_BL = np.zeros((1, row_length), np.bool_)
    positions: list[NDArray[np.int64]] = []
    at = 0
    for sample in samples:
        rows.put(0, at, sample, weighting)
        starts_BL[0, at] = True
        positions.append(np.arange(sample.shape.length))
        at += sample.shape.length
    if at < row_length:
        lengths.append(row_length - at)
        positions.append(np.arange(row_length - at))
    return MicroBatch(
        noised_BL=rows.noised(ids),
        keep_BL=None,
        plan=rows.plan(starts_BL),
        sample_ids=[sample.sample_id for sample in samples],
        positions_BL=np.concatenate(positions)[None],
        lengths=tuple(lengths),
    )


class _Rows:
    """Arrays [B, L] that samples are written into; what stays empty is padding."""

    def __init__(self, rows: int, length: int, ids: TokenIds) -> None:
        form = (rows, length)
        self.ids_BL = np.full(form, ids.pad, np.int64)
        self.keep_BL = np.zeros(form, np.bool_)
        self.masked_BL = np.zeros(form, np.bool_)
        self.weights_BL = np.zeros(form, np.float32)
        self.parts_BL = np.full(form, PROMPT, np.int8)
        self.levels_BL = np.zeros(form, np.int8)

    def put(self, row: int, at: int, sample: Sample, weighting: Weighting) -> None:
        part = (row, slice(at, at + sample.shape.length))
        self.ids_BL[part] = sample.ids_L
        self.keep_BL[part] = True
        self.masked_BL[part] = sample.masked_L
        self.weights_BL[part] = token_weights(weighting, sample.t, sample.masked_L)
        self.parts_BL[part] = parts_of(sample.shape)
        self.levels_BL[part] = level_of(sample.t)

    def plan(self, starts_BL: NDArray[np.bool_] | None = None) -> LossPlan:
        return plan_loss(
            self.ids_BL, self.masked_BL, self.weights_BL, self.parts_BL, starts_BL, self.levels_BL
        )

    def noised(self, ids: TokenIds) -> NDArray[np.int64]:
        """The model's input: the true tokens with the masked ones hidden."""
        return np.where(self.masked_BL, ids.mask, self.ids_BL)
