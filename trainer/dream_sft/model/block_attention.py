"""Attention within documents, the most of it by cuDNN in blocks of few sizes.

Shape letters: L positions of the row, S keys of the sequences, H query heads, G key-value heads,
K head width, M positions of one block, R positions in rims.

A long document is cut into a block, as many of its first positions as are a multiple of 256, and
a rim, the rest. cuDNN mixes block with block; its plans are kept by shape, and multiples of 256
are few. One call of flash attention does everything else, in sequences of these queries and keys:

    block x rim         joined to what cuDNN found, by the log-sum-exps
    rim x document
    short x document    documents under 1024, whole

Keys that two sequences need are copied for it: the row of k is a seventh of that of q.

Backward: a part's gradients are those of its own kernel given out and log-sum-exp of the whole
(see attention_primitives.py); dk and dv of a key are the sum over the parts it was in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from dream_sft.model.attention_primitives import (
    Gradients,
    Sequences,
    block_backward,
    block_forward,
    varlen_backward,
    varlen_forward,
)
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.to_device import on_device

Ints = NDArray[np.int64]
# Blocks are multiples of this; documents under the other length have none.
BLOCK_MULTIPLE = 256
SHORTEST_WITH_BLOCK = 1024


class Block(NamedTuple):
    """The first positions of a long document."""

    rows: slice
    has_rim: bool


@dataclass(frozen=True)
class Copies:
    """Where the keys of the sequences come from.

    keys [S]: the row's position of each key. own [L]: for each position of the row the place of
    its key in the sequence of its whole document (any place for a document without such a
    sequence). rims and rim_keys, both [R]: positions in rims, and the places of their keys for
    blocks.
    """

    keys: Tensor
    own: Tensor
    rims: Tensor
    rim_keys: Tensor

    def of(self, x_LGK: Tensor) -> Tensor:
        return x_LGK.index_select(0, self.keys)

    def summed(self, d_SGK: Tensor) -> Tensor:
        """Gradients of the row's keys [L, G, K] from those of their copies."""
        d_LGK = d_SGK.index_select(0, self.own)
        return d_LGK.index_add_(0, self.rims, d_SGK.index_select(0, self.rim_keys))


@dataclass(frozen=True)
class Rest:
    """What flash attention does; without copies its keys are the row's."""

    sequences: Sequences
    copies: Copies | None


@dataclass(frozen=True)
class BlockPlan:
    blocks: tuple[Block, ...]
    rest: Rest | None


def attend_blocks(q_LHK: Tensor, k_LGK: Tensor, v_LGK: Tensor, bounds: DocumentBounds) -> Tensor:
    """softmax(q k^T / sqrt(K)) v [L, H, K] over the keys of the query's own document."""
    if "blocks" not in bounds.memo:
        bounds.memo["blocks"] = plan_blocks(bounds.lengths, bounds.longest, q_LHK.device)
    out: Tensor = _BlockAttention.apply(q_LHK, k_LGK, v_LGK, bounds.memo["blocks"])  # type: ignore[no-untyped-call]
    return out


def plan_blocks(lengths: Sequence[int], longest: int, device: torch.device) -> BlockPlan:
    """The parts of documents of these lengths; tables go to the device without waiting for it."""
    blocks, tables = [], _Tables()
    for start, length in zip(accumulate(lengths, initial=0), lengths, strict=False):
        size = length // BLOCK_MULTIPLE * BLOCK_MULTIPLE if length >= SHORTEST_WITH_BLOCK else 0
        at, end = start + size, start + length
        if size:
            blocks.append(Block(slice(start, at), has_rim=at < end))
            tables.block_by_rim(size, at, end)
        if at < end:
            tables.rows_by_document(at, start, end)
        else:
            tables.own.append(np.zeros(length, np.int64))
    return BlockPlan(tuple(blocks), tables.rest(longest, device))


@dataclass
class _Tables:
    """Collects the sequences of `Rest`, in the order of the row."""

    queries: list[int] = field(default_factory=list)
    keys: list[Ints] = field(default_factory=list)
    own: list[Ints] = field(default_factory=list)
    rims: list[Ints] = field(default_factory=list)
    rim_keys: list[Ints] = field(default_factory=list)
    places: int = 0

    def block_by_rim(self, size: int, at: int, end: int) -> None:
        """Without a rim a sequence without keys, which stands for the block's queries."""
        self.rims.append(np.arange(at, end))
        self.rim_keys.append(self._sequence(size, at, end))

    def rows_by_document(self, at: int, start: int, end: int) -> None:
        self.own.append(self._sequence(end - at, start, end))

    def _sequence(self, queries: int, first_key: int, end: int) -> Ints:
        self.queries.append(queries)
        self.keys.append(np.arange(first_key, end))
        places = np.arange(self.places, self.places + end - first_key)
        self.places += end - first_key
        return places

    def rest(self, longest: int, device: torch.device) -> Rest | None:
        if not self.places:
            return None
        ends = [np.cumsum([0, *counts]) for counts in (self.queries, map(len, self.keys))]
        cu_q, cu_k = on_device(np.stack(ends).astype(np.int32), device)
        sequences = Sequences(cu_q, cu_k, longest)
        if not self.rim_keys:
            return Rest(sequences, None)
        lists = (self.keys, self.own, self.rims, self.rim_keys)
        parts = [np.concatenate(arrays) for arrays in lists]
        table = on_device(np.concatenate(parts), device)
        return Rest(sequences, Copies(*torch.split(table, [len(part) for part in parts])))


class _BlockAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, plan: BlockPlan) -> Tensor:
        q, k, v = (x.contiguous() for x in (q, k, v))
        out_LHK, lse_HL = _rest_forward(q, k, v, plan.rest)
        join = _join_for(q.device)
        ctx.plan, ctx.lse_shapes = plan, []
        for rows, has_rim in plan.blocks:
            out, lse = block_forward(*(_batched(x[rows]) for x in (q, k, v)))
            ctx.lse_shapes.append(lse.shape)
            out_MHK, lse_HM = out[0].transpose(0, 1), lse.reshape(out.shape[1:3])
            if has_rim:
                lse_HM = join(out_LHK[rows], lse_HL[:, rows].contiguous(), out_MHK, lse_HM)
            else:
                out_LHK[rows] = out_MHK
            lse_HL[:, rows] = lse_HM
        ctx.save_for_backward(q, k, v, out_LHK, lse_HL)
        return out_LHK

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        q, k, v, out_LHK, lse_HL = ctx.saved_tensors
        grad = grad.contiguous()
        totals = _rest_backward(grad, q, k, v, out_LHK, lse_HL, ctx.plan.rest)
        for (rows, has_rim), lse_shape in zip(ctx.plan.blocks, ctx.lse_shapes, strict=True):
            inputs = (_batched(x[rows]) for x in (grad, q, k, v, out_LHK))
            parts = block_backward(lse_HL[:, rows].contiguous().view(lse_shape), *inputs)
            # The rest says nothing about a block without a rim.
            put = Tensor.add_ if has_rim else Tensor.copy_
            for total, part in zip(totals, parts, strict=True):
                put(total[rows], part[0].transpose(0, 1))
        return *totals, None


def _rest_forward(q: Tensor, k: Tensor, v: Tensor, rest: Rest | None) -> tuple[Tensor, Tensor]:
    if rest is None:
        lse_type = torch.promote_types(q.dtype, torch.float32)
        return torch.empty_like(q), q.new_empty((q.shape[1], q.shape[0]), dtype=lse_type)
    if rest.copies is not None:
        k, v = rest.copies.of(k), rest.copies.of(v)
    return varlen_forward(q, k, v, rest.sequences)


def _rest_backward(
    grad: Tensor, q: Tensor, k: Tensor, v: Tensor, out: Tensor, lse: Tensor, rest: Rest | None
) -> Gradients:
    if rest is None:
        return torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
    copies = rest.copies
    if copies is None:
        return varlen_backward(grad, q, k, v, out, lse, rest.sequences)
    k, v = copies.of(k), copies.of(v)
    dq, dk, dv = varlen_backward(grad, q, k, v, out, lse, rest.sequences)
    return dq, copies.summed(dk), copies.summed(dv)


def _batched(x_MHK: Tensor) -> Tensor:
    """[1, H, M, K], a view whose strides depend on the shape alone."""
    return x_MHK[None].transpose(1, 2)


def join(out_MHK: Tensor, lse_HM: Tensor, other_MHK: Tensor, other_lse_HM: Tensor) -> Tensor:
    """Joins attention over other keys into `out`, in place; returns the lse over both.

    Every row has keys on both sides.
    """
    joint_HM = torch.logaddexp(lse_HM, other_lse_HM)
    share = torch.exp(lse_HM - joint_HM).transpose(0, 1)[..., None]
    other_share = torch.exp(other_lse_HM - joint_HM).transpose(0, 1)[..., None]
    out_MHK.copy_(out_MHK * share + other_MHK * other_share)
    return joint_HM


Join = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


@cache
def _compiled_join() -> Join:
    """In one pass over memory: a dozen as it stands."""
    return torch.compile(join, dynamic=True)


def _join_for(device: torch.device) -> Join:
    return _compiled_join() if device.type == "cuda" else join
