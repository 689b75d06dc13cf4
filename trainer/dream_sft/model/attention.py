"""Bidirectional grouped-query attention behind one function.

Shape letters: B rows, L positions, H query heads, G key-value heads, K head width.
Rows that hold several documents: packed_attention.py.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def attend(q_BLHK: Tensor, k_BLGK: Tensor, v_BLGK: Tensor, keep_BL: Tensor | None) -> Tensor:
    """softmax(q k^T / sqrt(K)) v over the kept keys; returns [B, L, H, K].

    keep_BL (bool) names the keys that may be attended; None means all, and leaves the fast
    kernels usable. The official code masks with an outer product, so its pad queries attend
    nothing; ours attend the kept keys, which keeps them finite and changes no kept query.
    A row without any kept key gives zeros.
    """
    group = q_BLHK.shape[2] // k_BLGK.shape[2]
    q_BHLK = q_BLHK.transpose(1, 2)
    k_BHLK = k_BLGK.transpose(1, 2).repeat_interleave(group, dim=1)
    v_BHLK = v_BLGK.transpose(1, 2).repeat_interleave(group, dim=1)
    mask = None if keep_BL is None else keep_BL[:, None, None, :]
    out_BHLK = functional.scaled_dot_product_attention(q_BHLK, k_BHLK, v_BHLK, attn_mask=mask)
    if keep_BL is not None:
        # Kernels disagree (NaN or zero) about a row with no key at all.
        out_BHLK = out_BHLK.masked_fill(~keep_BL.any(dim=1)[:, None, None, None], 0.0)
    return out_BHLK.transpose(1, 2)


def positions_of(keep_BL: Tensor) -> Tensor:
    """Position ids [B, L] that count kept tokens from 0; left-out positions get 1.

    The rule of the official code (attention_mask.cumsum - 1, pads set to 1).
    """
    positions_BL = torch.cumsum(keep_BL.long(), dim=1) - 1
    return positions_BL.masked_fill(~keep_BL, 1)
