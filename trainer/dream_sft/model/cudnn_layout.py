"""What a plan of cuDNN's attention is made for, and how a packed row lies in its buffers.

Shape letters: L positions of the row, H query heads, G key-value heads, K head width, N documents
a plan is made for, S the longest document it takes.

cuDNN makes a plan for each (N, S) and takes the lengths themselves as data, so both are rounded
up to powers of two: few plans serve every row. Documents beyond the row's have no positions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dream_sft.model.document_bounds import DocumentBounds, power_of_two
from dream_sft.model.to_device import on_device

_TOKENS_MULTIPLE = 4096
# A plan's kernels start a block for each part of each document that it takes; those that find none
# end at once. Of the rows of s1K twice as many spare nearly all recordings that any number would
# (docs/LOG.md, 2026-12-01).
_WIDER = 2
# NVIDIA's own test of packed statistics rounds their tokens up to this (cudnn-frontend v1.18.0,
# test/python/sdpa/fp16.py).
_STATISTICS_MULTIPLE = 64
# Where the backward pass takes packed statistics. On SM8x and SM12x it refuses them from cuDNN
# 9.18.1 on, and the front end then sizes its own buffers N x S as well (cudnn-frontend v1.23.0,
# scaled_dot_product_flash_attention.h; v1.18.0 has the second rule alone).
_PACKING_MAJORS = (9, 10)


class PlanKey(NamedTuple):
    """What a plan is made for. tokens bounds the row's length, for its buffers."""

    documents: int
    longest: int
    tokens: int
    heads: int
    kv_heads: int
    width: int
    dtype: torch.dtype
    device: int
    deterministic: bool
    packed_statistics: bool

    def serves(self, row: PlanKey) -> bool:
        """Whether a row of that key may be computed with this plan: it takes as many documents and
        as long ones, is not much wider, and is equal else."""
        wide = self.documents >= row.documents and self.longest >= row.longest
        near = self.documents * self.longest <= _WIDER * row.documents * row.longest
        own = row._replace(documents=self.documents, longest=self.longest)
        return wide and near and self == own


def plan_for(known: Iterable[PlanKey], row: PlanKey) -> PlanKey | None:
    """Of the plans that are there, the one for a row: its own, else the narrowest that serves it.

    Where bits count (`deterministic`) only its own: what is there depends on what ran before.
    """
    serving = [key for key in known if key == row or (not row.deterministic and key.serves(row))]
    return min(serving, key=lambda key: key.documents * key.longest, default=None)


@dataclass(frozen=True)
class Layout:
    """lengths int32 [N, 1, 1, 1]; starts of each document in q, in k and v, and in packed
    statistics, in numbers, int32 [N + 1, 1, 1, 1]."""

    lengths: Tensor
    q_starts: Tensor
    kv_starts: Tensor
    statistics_starts: Tensor

    def become(self, other: Layout) -> None:
        """Takes over the other's numbers, at its own place in memory."""
        for mine, theirs in zip(self._all(), other._all(), strict=True):
            mine.copy_(theirs)

    def tables(self, key: PlanKey) -> list[Tensor]:
        """In the order of `table_rows`."""
        return self._all() if key.packed_statistics else self._all()[:3]

    def _all(self) -> list[Tensor]:
        return [self.lengths, self.q_starts, self.kv_starts, self.statistics_starts]


def table_rows(key: PlanKey) -> dict[str, int]:
    """The tables that a plan takes, each with its number of rows."""
    starts = key.documents + 1
    rows = {"lengths": key.documents, "q_starts": starts, "kv_starts": starts}
    return {**rows, "statistics_starts": starts} if key.packed_statistics else rows


def key_of(
    q_LHK: Tensor, k_LGK: Tensor, bounds: DocumentBounds, device: torch.device | None = None
) -> PlanKey:
    """The plan for this row on `device`, by default that of q."""
    tokens, heads, width = q_LHK.shape
    device = q_LHK.device if device is None else device
    return PlanKey(
        documents=power_of_two(len(bounds.lengths)),
        longest=bounds.longest,
        tokens=-(-tokens // _TOKENS_MULTIPLE) * _TOKENS_MULTIPLE,
        heads=heads,
        kv_heads=k_LGK.shape[1],
        width=width,
        dtype=q_LHK.dtype,
        device=device.index or 0,
        deterministic=torch.are_deterministic_algorithms_enabled(),
        packed_statistics=device.type == "cuda" and packs_statistics(device.index or 0),
    )


@cache
def packs_statistics(device: int) -> bool:
    """Whether this card keeps the softmax's statistics by token, not by N x S."""
    return torch.cuda.get_device_capability(device)[0] in _PACKING_MAJORS


def layout_of(key: PlanKey, bounds: DocumentBounds, device: torch.device) -> Layout:
    """The row's lengths as the plan wants them; to a GPU without waiting for it."""
    lengths = np.zeros(key.documents, np.int32)
    lengths[: len(bounds.lengths)] = bounds.lengths
    starts = np.concatenate([[0], np.cumsum(lengths)])
    numbers = (key.heads * key.width, key.kv_heads * key.width, key.heads)
    # Each must begin at a multiple of 16 bytes, which the parts of one tensor would not.
    tables = (lengths, *(starts * each for each in numbers))
    return Layout(*(on_device(t.astype(np.int32).reshape(-1, 1, 1, 1), device) for t in tables))


def statistics_form(key: PlanKey, tokens: int) -> tuple[int, ...]:
    """Of the float32 statistics that a row of so many tokens keeps for its backward pass: [L, H]
    packed, [N, H, S] elsewhere."""
    if key.packed_statistics:
        return (-(-tokens // _STATISTICS_MULTIPLE) * _STATISTICS_MULTIPLE, key.heads)
    return (key.documents, key.heads, key.longest)


def statistics_strides(key: PlanKey) -> list[int]:
    """Of the same numbers as the plan sees them, [N, H, S, 1]."""
    if key.packed_statistics:
        return [key.longest * key.heads, 1, key.heads, 1]
    return [key.heads * key.longest, key.longest, 1, 1]
