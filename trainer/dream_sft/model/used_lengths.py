"""Attention over padded keys of which each row uses the first few: no mask of queries and keys.

Shape letters: B rows, W queries of a row, S padded keys, H query heads, G key-value heads,
K head width, M = W * H / G.

varlen: flash attention with the used length of each row (seqused_k): torch's varlen_attn where it
        takes one, else the operator below it, which has for longer.
gaps:   flash attention over 2 B sequences: each row's used keys with its queries, then its
        unused keys with no query; for a torch without seqused_k.
sdpa:   scaled_dot_product_attention with a mask of keys [B, S] (the CPU).

Query heads that share keys can become further queries of one head (`folded`): without a causal
mask the order of queries means nothing, so any kernel is grouped-query, and reads keys once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class UsedLengths:
    """used_B (int32, at least 1) of `keys` padded keys; tables are made once for all layers."""

    used_B: Tensor
    keys: int
    memo: dict[Any, Any] = field(default_factory=dict, compare=False)

    def starts(self, width: int) -> Tensor:
        """[B + 1] int32: 0, width, 2 width, …"""
        if width not in self.memo:
            end = (len(self.used_B) + 1) * width
            device = self.used_B.device
            self.memo[width] = torch.arange(0, end, width, device=device, dtype=torch.int32)
        made: Tensor = self.memo[width]
        return made

    def with_gaps(self, width: int) -> tuple[Tensor, Tensor]:
        """Starts [2 B + 1] of queries and of keys: sequence 2b is row b, 2b + 1 its unused keys."""
        if ("gaps", width) not in self.memo:
            q, k = self.starts(width), self.starts(self.keys)
            cu_q = torch.stack((q[:-1], q[1:]), 1).flatten()
            cu_k = torch.stack((k[:-1], k[:-1] + self.used_B), 1).flatten()
            self.memo["gaps", width] = (torch.cat((cu_q, q[-1:])), torch.cat((cu_k, k[-1:])))
        made: tuple[Tensor, Tensor] = self.memo["gaps", width]
        return made

    def keep(self) -> Tensor:
        """[B, 1, 1, S]: the keys in use."""
        if "keep" not in self.memo:
            places_S = torch.arange(self.keys, device=self.used_B.device)
            self.memo["keep"] = (places_S < self.used_B[:, None])[:, None, None]
        made: Tensor = self.memo["keep"]
        return made


# (q [B, W, H, K], k [B, S, G, K], v [B, S, G, K], lengths) to [B, W, H, K]; H may equal G.
Kernel = Callable[[Tensor, Tensor, Tensor, UsedLengths], Tensor]


def attend_used(
    q_BWHK: Tensor, k_BSGK: Tensor, v_BSGK: Tensor, lengths: UsedLengths, kernel: str
) -> Tensor:
    """softmax(q k^T / sqrt(K)) v over the used keys of each row, [B, W, H, K]."""
    name, _, how = kernel.partition("-")
    if how != "folded":
        return KERNELS[name](q_BWHK, k_BSGK, v_BSGK, lengths)
    groups = k_BSGK.shape[2]
    shared = q_BWHK.shape[2] // groups
    split = q_BWHK.unflatten(2, (groups, shared))  # type: ignore[no-untyped-call]
    q_BMGK = split.transpose(2, 3).flatten(1, 2)
    mixed_BMGK = KERNELS[name](q_BMGK, k_BSGK, v_BSGK, lengths)
    apart = mixed_BMGK.unflatten(1, (-1, shared))  # type: ignore[no-untyped-call]
    out: Tensor = apart.transpose(2, 3).flatten(2, 3)
    return out


def choose_used_kernel(device: torch.device, dtype: torch.dtype) -> str:
    """The fastest measured (bench/sample_gpu.py): varlen on CUDA in half precision, else sdpa."""
    half = dtype in (torch.bfloat16, torch.float16)
    if device.type == "cuda" and half:
        return "varlen" if _takes_used_lengths() else "gaps"
    return "sdpa-folded"


def _takes_used_lengths() -> bool:
    operator = torch.ops.aten._flash_attention_forward.default
    return any(argument.name == "seqused_k" for argument in operator._schema.arguments)


@cache
def _public() -> tuple[Callable[..., Any], dict[str, bool]] | None:
    """varlen_attn, where it takes used lengths, and how it is told of shared keys."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    known = inspect.signature(varlen_attn).parameters
    if "seqused_k" not in known:
        return None
    return varlen_attn, ({"enable_gqa": True} if "enable_gqa" in known else {})


def _by_varlen(q_BWHK: Tensor, k_BSGK: Tensor, v_BSGK: Tensor, lengths: UsedLengths) -> Tensor:
    queries, keys = q_BWHK.shape[1], k_BSGK.shape[1]
    flat = [x.flatten(0, 1) for x in (q_BWHK, k_BSGK, v_BSGK)]
    tables = (lengths.starts(queries), lengths.starts(keys), queries, keys)
    public = _public()
    if public is None:
        return _flash(flat, *tables, seqused_k=lengths.used_B).view(q_BWHK.shape)
    attention, shared = public
    out: Tensor = attention(*flat, *tables, seqused_k=lengths.used_B, **shared)
    return out.view(q_BWHK.shape)


def _by_gaps(q_BWHK: Tensor, k_BSGK: Tensor, v_BSGK: Tensor, lengths: UsedLengths) -> Tensor:
    queries, keys = q_BWHK.shape[1], k_BSGK.shape[1]
    flat = [x.flatten(0, 1) for x in (q_BWHK, k_BSGK, v_BSGK)]
    return _flash(flat, *lengths.with_gaps(queries), queries, keys).view(q_BWHK.shape)


def _flash(
    qkv: list[Tensor], cu_q: Tensor, cu_k: Tensor, queries: int, keys: int, **more: Tensor
) -> Tensor:
    out: Tensor = torch.ops.aten._flash_attention_forward(
        *qkv, cu_q, cu_k, queries, keys, 0.0, False, False, **more
    )[0]
    return out


def _by_sdpa(q_BWHK: Tensor, k_BSGK: Tensor, v_BSGK: Tensor, lengths: UsedLengths) -> Tensor:
    q, k, v = (x.transpose(1, 2) for x in (q_BWHK, k_BSGK, v_BSGK))
    shared = {"enable_gqa": True} if q.shape[1] != k.shape[1] else {}
    out = functional.scaled_dot_product_attention(q, k, v, attn_mask=lengths.keep(), **shared)
    return out.transpose(1, 2)


KERNELS: dict[str, Kernel] = {"varlen": _by_varlen, "gaps": _by_gaps, "sdpa": _by_sdpa}
