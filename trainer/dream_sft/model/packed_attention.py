"""Bidirectional attention within each document of a packed row: one function, several kernels.

Shape letters: L positions of the row (all documents), H query heads, G key-value heads, K head
width. All kernels compute softmax(q k^T / sqrt(K)) v over the keys of the query's own document.

varlen: flash attention over all documents at once (torch.nn.attention.varlen, torch 2.10 and up).
flex:   compiled flex_attention with a block mask.
cudnn:  cuDNN over all documents at once, lengths as data (cudnn_attention.py).
sdpa:   one scaled_dot_product_attention for neighbours of one length.
mask:   one scaled_dot_product_attention with a dense block-diagonal mask (small rows, the CPU).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dream_sft.model import cudnn_attention
from dream_sft.model.document_bounds import DocumentBounds

Kernel = Callable[[Tensor, Tensor, Tensor, DocumentBounds], Tensor]


class KernelError(ValueError):
    """A kernel that cannot run on this device or in this precision."""


def attend_packed(
    q_LHK: Tensor, k_LGK: Tensor, v_LGK: Tensor, bounds: DocumentBounds, kernel: str
) -> Tensor:
    """Mixed values [L, H, K] by the named kernel (`choose_kernel` gives a name that works)."""
    kind = q_LHK.device.type
    if torch.is_autocast_enabled(kind):
        # Rotation left q and k in float32; autocast itself casts for sdpa alone.
        dtype = torch.get_autocast_dtype(kind)
        q_LHK, k_LGK, v_LGK = (x.to(dtype) for x in (q_LHK, k_LGK, v_LGK))
    return KERNELS[kernel](q_LHK, k_LGK, v_LGK, bounds)


def choose_kernel(
    wanted: str, device: torch.device, dtype: torch.dtype, head_width: int = 128
) -> str:
    """The kernel to use for `wanted` ('auto' or a name).

    auto: on CUDA in half precision the first there of cudnn (1.5 to 1.75 times as fast as varlen
    on an H100 at every document length, docs/LOG.md; only where it is frugal), varlen and sdpa; on
    the CPU sdpa.
    Raises KernelError for a kernel that cannot run there.
    """
    half = dtype in (torch.bfloat16, torch.float16)
    on_gpu = device.type == "cuda" and half
    usable = {
        "varlen": on_gpu and _varlen() is not None,
        "flex": device.type == "cuda",
        "cudnn": on_gpu and cudnn_attention.usable(head_width),
        "sdpa": True,
        "mask": True,
    }
    if wanted == "auto":
        chosen = {**usable, "cudnn": usable["cudnn"] and cudnn_attention.frugal()}
        return next(name for name in ("cudnn", "varlen", "sdpa") if chosen[name])
    if not usable[wanted]:
        here = ", ".join(name for name, fits in usable.items() if fits)
        raise KernelError(f"attention {wanted} cannot run here ({device}, {dtype}); use {here}")
    return wanted


@cache
def _varlen() -> Callable[..., Any] | None:
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    return varlen_attn


@cache
def _varlen_shares_heads() -> bool:
    varlen = _varlen()
    return varlen is not None and "enable_gqa" in inspect.signature(varlen).parameters


def _repeat_heads(x_LGK: Tensor, heads: int) -> Tensor:
    return x_LGK.repeat_interleave(heads // x_LGK.shape[1], dim=1)


def _by_varlen(q_LHK: Tensor, k_LGK: Tensor, v_LGK: Tensor, bounds: DocumentBounds) -> Tensor:
    varlen = _varlen()
    assert varlen is not None  # choose_kernel has looked
    shared: dict[str, Any] = {"enable_gqa": True} if _varlen_shares_heads() else {}
    if not shared:
        k_LGK = _repeat_heads(k_LGK, q_LHK.shape[1])
        v_LGK = _repeat_heads(v_LGK, q_LHK.shape[1])
    table, longest = bounds.cu_seqlens, bounds.longest
    out: Tensor = varlen(q_LHK, k_LGK, v_LGK, table, table, longest, longest, **shared)
    return out


def _by_sdpa(q_LHK: Tensor, k_LGK: Tensor, v_LGK: Tensor, bounds: DocumentBounds) -> Tensor:
    """Neighbours of one length share a call."""
    mixed, at = [], 0
    for length, run in groupby(bounds.lengths):
        count = len(list(run))
        part = slice(at, at + count * length)
        mixed.append(_equal_documents(q_LHK[part], k_LGK[part], v_LGK[part], count))
        at = part.stop
    return torch.cat(mixed)


def _equal_documents(q_LHK: Tensor, k_LGK: Tensor, v_LGK: Tensor, count: int) -> Tensor:
    q, k, v = (x.unflatten(0, (count, -1)).transpose(1, 2) for x in (q_LHK, k_LGK, v_LGK))  # type: ignore[no-untyped-call]
    return _attend_heads(q, k, v).transpose(1, 2).flatten(0, 1)


def _attend_heads(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """[n, heads, L, K] each; the kernels for the CPU want as many key-value heads as queries."""
    if q.device.type == "cuda":
        return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
    k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], dim=1) for x in (k, v))
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def _by_mask(q_LHK: Tensor, k_LGK: Tensor, v_LGK: Tensor, bounds: DocumentBounds) -> Tensor:
    lengths = torch.tensor(bounds.lengths, device=q_LHK.device)
    document_L = torch.repeat_interleave(lengths)
    mask_LL = document_L[:, None] == document_L[None]
    q, k, v = (x.transpose(0, 1)[None] for x in (q_LHK, k_LGK, v_LGK))
    return _attend_heads(q, k, v, mask_LL)[0].transpose(0, 1)


@cache
def _compiled_flex() -> Callable[..., Tensor]:
    from torch.nn.attention.flex_attention import flex_attention

    return torch.compile(flex_attention, dynamic=True)


def _by_flex(q_LHK: Tensor, k_LGK: Tensor, v_LGK: Tensor, bounds: DocumentBounds) -> Tensor:
    from torch.nn.attention.flex_attention import create_block_mask

    length = q_LHK.shape[0]
    if "block mask" not in bounds.memo:
        lengths = torch.tensor(bounds.lengths, device=q_LHK.device)
        document_L = torch.repeat_interleave(lengths, output_size=length)

        def same_document(_b: Tensor, _h: Tensor, q_at: Tensor, k_at: Tensor) -> Tensor:
            return document_L[q_at] == document_L[k_at]

        device = q_LHK.device
        mask = create_block_mask(same_document, None, None, length, length, device)
        bounds.memo["block mask"] = mask
    block_mask = bounds.memo["block mask"]
    q, k, v = (x.transpose(0, 1)[None] for x in (q_LHK, k_LGK, v_LGK))
    mixed = _compiled_flex()(q, k, v, block_mask=block_mask, enable_gqa=True)
    return mixed[0].transpose(0, 1)


KERNELS: dict[str, Kernel] = {
    "varlen": _by_varlen,
    "flex": _by_flex,
    "cudnn": cudnn_attention.attend_cudnn,
    "sdpa": _by_sdpa,
    "mask": _by_mask,
}
