"""Packs the documents of one global batch into rows.

Shape letters: N documents, R rows.

Only where documents lie is decided here. Order, noise and loss are fixed before, so a better
packing may replace this one without changing what a run learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Row lengths are multiples of this, so that few shapes are compiled.
ROW_MULTIPLE = 128
# One improvement moves or exchanges documents once; the search stops by itself long before.
_IMPROVEMENTS_A_DOCUMENT = 16

Ints = NDArray[np.int64]


def rounded(n: int) -> int:
    """The length of a row that holds `n` tokens: the next multiple of 128, at least 128."""
    return max(-(-n // ROW_MULTIPLE), 1) * ROW_MULTIPLE


def pack(lengths: Sequence[int], cap: int, ranks: int = 1) -> list[list[int]]:
    """Document indices of each row; at most `cap` tokens a row, documents never split.

    Returns as few rows as were found, a multiple of `ranks`, longest first: rows i * ranks to
    i * ranks + ranks - 1 are computed together. Among packings with that many rows one rank gets
    the one with the fewest computed tokens (rows rounded up), several get the most even one. Rows
    are empty only when there are fewer documents than rows. The same lengths give the same rows.
    Raises ValueError for a document longer than `cap`.
    """
    lengths_N = np.asarray(lengths, np.int64)
    if lengths_N.size and int(lengths_N.max()) > cap:
        raise ValueError(f"a document of {int(lengths_N.max())} tokens in rows of {cap}")
    order = sorted(range(len(lengths)), key=lambda n: (-lengths[n], n))
    tight = _first_fit(lengths, order, cap)
    rows = max(-(-len(tight) // ranks) * ranks, ranks)
    starts = [_assignment(tight, len(lengths)), _even(lengths, order, cap, rows)]
    value = _Value(cap, even=ranks > 1)
    found = [_improved(lengths_N, start, value, rows) for start in starts if start is not None]
    packed = [_as_rows(lengths_N, row_N, rows) for row_N in found]
    return min(packed, key=lambda rows: _cost(lengths, rows, ranks))


def _first_fit(lengths: Sequence[int], order: Sequence[int], cap: int) -> list[list[int]]:
    """Longest first, each into the first row with room."""
    rows: list[list[int]] = []
    room: list[int] = []
    for n in order:
        at = next((r for r, left in enumerate(room) if left >= lengths[n]), len(rows))
        if at == len(rows):
            rows.append([])
            room.append(cap)
        rows[at].append(n)
        room[at] -= lengths[n]
    return rows


def _even(lengths: Sequence[int], order: Sequence[int], cap: int, rows: int) -> Ints | None:
    """Longest first, each into the emptiest row; None when one does not fit."""
    row_N = np.zeros(len(lengths), np.int64)
    used = [0] * rows
    for n in order:
        at = min(range(rows), key=lambda r: (used[r], r))
        if used[at] + lengths[n] > cap:
            return None
        row_N[n] = at
        used[at] += lengths[n]
    return row_N


def _assignment(rows: Sequence[Sequence[int]], documents: int) -> Ints:
    row_N = np.zeros(documents, np.int64)
    for at, members in enumerate(rows):
        row_N[list(members)] = at
    return row_N


@dataclass(frozen=True)
class _Value:
    """What a row costs: blocks of 128 computed (or their square, when rows are to be `even`), then
    the square of its tokens; sums of squares are least when rows are even."""

    cap: int
    even: bool

    def __call__(self, used: Ints) -> Ints:
        blocks = np.maximum(-(-used // ROW_MULTIPLE), 1)
        value: Ints = blocks ** (2 if self.even else 1) * (2 * self.cap**2 + 1) + used**2
        return value


def _improved(lengths_N: Ints, row_N: Ints, value: _Value, rows: int) -> Ints:
    """Moves one document or exchanges two, always the best such change, until none helps."""
    row_N = row_N.copy()
    for _ in range(_IMPROVEMENTS_A_DOCUMENT * len(lengths_N)):
        used_R = np.bincount(row_N, lengths_N, rows).astype(np.int64)
        differences_NN = lengths_N[:, None] - lengths_N[None]
        move_NR = _gain(used_R, row_N[:, None], np.arange(rows)[None], lengths_N[:, None], value)
        swap_NN = _gain(used_R, row_N[:, None], row_N[None], differences_NN, value)
        n, to = np.unravel_index(int(move_NR.argmin()), move_NR.shape)
        a, b = np.unravel_index(int(swap_NN.argmin()), swap_NN.shape)
        if min(move_NR[n, to], swap_NN[a, b]) >= 0:
            break
        if move_NR[n, to] <= swap_NN[a, b]:
            row_N[n] = to
        else:
            row_N[a], row_N[b] = row_N[b], row_N[a]
    return row_N


def _gain(used_R: Ints, source: Ints, target: Ints, tokens: Ints, value: _Value) -> Ints:
    """What the cost changes by (negative is better) when `tokens` go from source to target."""
    before_R = value(used_R)
    source_used, target_used = used_R[source] - tokens, used_R[target] + tokens
    gain = value(source_used) + value(target_used) - before_R[source] - before_R[target]
    fits = (source_used <= value.cap) & (target_used <= value.cap) & (source != target)
    return np.where(fits, gain, 0)


def _cost(lengths: Sequence[int], rows: Sequence[Sequence[int]], ranks: int) -> tuple[int, int]:
    """Tokens that all ranks compute or wait for, and the squares."""
    used = [sum(lengths[n] for n in row) for row in rows]
    return sum(rounded(most) for most in used[::ranks]), sum(total * total for total in used)


def _as_rows(lengths_N: Ints, row_N: Ints, rows: int) -> list[list[int]]:
    """Rows longest first, documents of a row in the order of the batch."""
    members = [np.flatnonzero(row_N == at).tolist() for at in range(rows)]
    return sorted(members, key=lambda row: (-int(lengths_N[row].sum()), row))
