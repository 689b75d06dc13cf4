"""Bidirectional grouped-query attention behind one function.

Shape letters: B rows, L positions, H query heads, G key-value heads, K head width.
Another layout of rows (several documents packed into one) becomes another function of this
form; the network calls nothing else.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def attend(q_BHLK: Tensor, k_BGLK: Tensor, v_BGLK: Tensor, keep_BL: Tensor | None) -> Tensor:
    """softmax(q k^T / sqrt(K)) v over the kept keys; returns [B, H, L, K].

    keep_BL (bool) names the keys that may be attended; None means all, and leaves the fast
    kernels usable. The official code masks with an outer product, so its pad queries attend
    nothing; ours attend the kept keys, which keeps them finite and changes no kept query.
    A row without any kept key gives zeros.
    """
    group = q_BHLK.shape[1] // k_BGLK.shape[1]
    k_BHLK = k_BGLK.repeat_interleave(group, dim=1)
    v_BHLK = v_BGLK.repeat_interleave(group, dim=1)
    mask = None if keep_BL is None else keep_BL[:, None, None, :]
    out_BHLK = functional.scaled_dot_product_attention(q_BHLK, k_BHLK, v_BHLK, attn_mask=mask)
    if keep_BL is not None:
        # Kernels disagree (NaN or zero) about a row with no key at all.
        out_BHLK = out_BHLK.masked_fill(~keep_BL.any(dim=1)[:, None, None, None], 0.0)
    return out_BHLK


def positions_of(keep_BL: Tensor) -> Tensor:
    """Position ids [B, L] that count kept tokens from 0; left-out positions get 1.

    The rule of the official code (attention_mask.cumsum - 1, pads set to 1).
    """
    positions_BL = torch.cumsum(keep_BL.long(), dim=1) - 1
    return positions_BL.masked_fill(~keep_BL, 1)
