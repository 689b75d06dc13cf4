"""Attention over padded keys of which each row uses the first few: no mask of queries and keys.

Shape letters: B rows, W queries of a row, S padded keys, H query heads, G key-value heads,
K head width, M = W * H / G.

Query heads that share keys become further queries of one head: without a causal mask the order
of queries means nothing, so every kernel is grouped-query natively and reads keys once.

varlen: flash attention with the used length of each row (seqused_k, torch 2.11 and up).
gaps:   flash attention over 2 B sequences: each row's used keys with its queries, then its
        unused keys with no query; for a torch without seqused_k.
sdpa:   scaled_dot_product_attention with a mask of keys (the CPU).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

Kernel = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def attend_used(
    q_BWHK: Tensor, k_BSGK: Tensor, v_BSGK: Tensor, used_B: Tensor, kernel: str
) -> Tensor:
    """softmax(q k^T / sqrt(K)) v over the first used_B (int32, at least 1) keys, [B, W, H, K]."""
    groups = k_BSGK.shape[2]
    shared = q_BWHK.shape[2] // groups
    split = q_BWHK.unflatten(2, (groups, shared))  # type: ignore[no-untyped-call]
    q_BMGK = split.transpose(2, 3).flatten(1, 2)
    mixed_BMGK = KERNELS[kernel](q_BMGK, k_BSGK, v_BSGK, used_B)
    apart = mixed_BMGK.unflatten(1, (-1, shared))  # type: ignore[no-untyped-call]
    out: Tensor = apart.transpose(2, 3).flatten(2, 3)
    return out


def choose_used_kernel(device: torch.device, dtype: torch.dtype) -> str:
    """varlen where torch has it, on CUDA in half precision; else sdpa."""
    if device.type != "cuda" or dtype not in (torch.bfloat16, torch.float16):
        return "sdpa"
    return "varlen" if _has_used_lengths() else "gaps"


@cache
def _has_used_lengths() -> bool:
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return False
    return "seqused_k" in inspect.signature(varlen_attn).parameters


def _starts(rows: int, width: int, like: Tensor) -> Tensor:
    return torch.arange(0, (rows + 1) * width, width, device=like.device, dtype=torch.int32)


def _by_varlen(q_BMGK: Tensor, k_BSGK: Tensor, v_BSGK: Tensor, used_B: Tensor) -> Tensor:
    from torch.nn.attention.varlen import varlen_attn

    rows, queries, keys = *q_BMGK.shape[:2], k_BSGK.shape[1]
    out = varlen_attn(
        q_BMGK.flatten(0, 1),
        k_BSGK.flatten(0, 1),
        v_BSGK.flatten(0, 1),
        _starts(rows, queries, used_B),
        _starts(rows, keys, used_B),
        queries,
        keys,
        seqused_k=used_B,
    )
    assert isinstance(out, Tensor)
    return out.view(q_BMGK.shape)


def _by_gaps(q_BMGK: Tensor, k_BSGK: Tensor, v_BSGK: Tensor, used_B: Tensor) -> Tensor:
    rows, queries, keys = *q_BMGK.shape[:2], k_BSGK.shape[1]
    q_starts, k_starts = _starts(rows, queries, used_B), _starts(rows, keys, used_B)
    # Row b's queries are sequence 2b; sequence 2b + 1 begins where they end.
    cu_q = torch.stack((q_starts[:-1], q_starts[1:]), 1).flatten()
    cu_k = torch.stack((k_starts[:-1], k_starts[:-1] + used_B), 1).flatten()
    cu_q, cu_k = (torch.cat((cu, ends[-1:])) for cu, ends in ((cu_q, q_starts), (cu_k, k_starts)))
    out: Tensor = torch.ops.aten._flash_attention_forward(
        q_BMGK.flatten(0, 1),
        k_BSGK.flatten(0, 1),
        v_BSGK.flatten(0, 1),
        cu_q,
        cu_k,
        queries,
        keys,
        0.0,
        False,
        False,
    )[0]
    return out.view(q_BMGK.shape)


def _by_sdpa(q_BMGK: Tensor, k_BSGK: Tensor, v_BSGK: Tensor, used_B: Tensor) -> Tensor:
    places_S = torch.arange(k_BSGK.shape[1], device=used_B.device)
    keep_B11S = (places_S < used_B[:, None])[:, None, None]
    q, k, v = (x.transpose(1, 2) for x in (q_BMGK, k_BSGK, v_BSGK))
    out = functional.scaled_dot_product_attention(q, k, v, attn_mask=keep_B11S)
    return out.transpose(1, 2)


KERNELS: dict[str, Kernel] = {"varlen": _by_varlen, "gaps": _by_gaps, "sdpa": _by_sdpa}
