"""Attention within documents by cuDNN: one call for the whole row, whatever the lengths.

Shape letters: L positions of the row, H query heads, G key-value heads, K head width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from dream_sft.model.cudnn_layout import key_of, layout_of, packs_statistics, statistics_form
from dream_sft.model.cudnn_plans import backward_plan, forward_plan, frontend
from dream_sft.model.document_bounds import DocumentBounds

_WIDEST_HEAD = 128
_OLDEST_CUDNN = 90600  # with lengths and packed rows both ways on SM80 and newer


def usable(head_width: int) -> bool:
    """Whether card, front end and a cuDNN that takes lengths are there for heads so wide."""
    if head_width % 8 or head_width > _WIDEST_HEAD or torch.cuda.get_device_capability() < (8, 0):
        return False
    if torch.are_deterministic_algorithms_enabled() and not frugal():
        return False  # cuDNN has none for packed rows there (cudnn_layout.py's source)
    try:
        return frontend() is not None and frontend().backend_version() >= _OLDEST_CUDNN
    except RuntimeError:  # the front end is there, cuDNN itself is not
        return False


def frugal() -> bool:
    """Whether its buffers grow with a row's tokens alone. Elsewhere they take the number of
    documents times the longest one, and one long among many short takes gibibytes."""
    return packs_statistics(torch.cuda.current_device())


def attend_cudnn(q_LHK: Tensor, k_LGK: Tensor, v_LGK: Tensor, bounds: DocumentBounds) -> Tensor:
    """softmax(q k^T / sqrt(K)) v [L, H, K] over the keys of the query's own document."""
    out: Tensor = _CudnnAttention.apply(q_LHK, k_LGK, v_LGK, bounds)  # type: ignore[no-untyped-call]
    return out


class _CudnnAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, bounds: DocumentBounds) -> Tensor:
        q, k, v = (x.contiguous() for x in (q, k, v))
        key = key_of(q, k, bounds)
        if key not in bounds.memo:
            bounds.memo[key] = layout_of(key, bounds, q.device)
        layout = bounds.memo[key]
        out = torch.empty_like(q)
        statistics = q.new_empty(statistics_form(key, q.shape[0]), dtype=torch.float32)
        forward_plan(key).run([q, k, v, out, statistics, *layout.tables(key)])
        ctx.key, ctx.layout = key, layout
        ctx.save_for_backward(q, k, v, out, statistics)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        q, k, v, out, statistics = ctx.saved_tensors
        gradients = [torch.empty_like(x) for x in (q, k, v)]
        inputs = [q, k, v, out, grad.contiguous(), statistics]
        backward_plan(ctx.key).run([*inputs, *gradients, *ctx.layout.tables(ctx.key)])
        return gradients[0], gradients[1], gradients[2], None
