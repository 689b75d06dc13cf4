"""Attention with its log-sum-exp, forward and backward: one block by cuDNN, sequences by flash.

Shape letters: M queries and N keys of one block; T queries and S keys of all sequences; H query
heads, G key-value heads (H / G queries share one), K head width.

lse is the natural logarithm of the sum over keys of exp(q k / sqrt(K)), in float32. Each backward
function gives the gradients of its own queries and keys also when `out` and `lse` are those of an
attention over more keys than these: with P = exp(q k / sqrt(K) - lse) and D = sum(grad * out),
dv = P^T grad, ds = P (grad v^T - D), dq = ds k / sqrt(K), dk = ds^T q / sqrt(K), which are sums
over keys (Dao et al. 2022, FlashAttention, appendix B.2).

On the CPU the same is computed by these formulas, in the same layouts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

Gradients = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Sequences:
    """Sequence n has queries cu_q[n] to cu_q[n + 1] and keys cu_k[n] to cu_k[n + 1] (int32).

    most: an upper bound of both counts. A sequence may have no keys; never no queries.
    """

    cu_q: Tensor
    cu_k: Tensor
    most: int


def block_forward(q_1HMK: Tensor, k_1GNK: Tensor, v_1GNK: Tensor) -> tuple[Tensor, Tensor]:
    """out [1, H, M, K] laid out like q, and lse in the shape `block_backward` wants it in.

    cuDNN builds a plan for every new shape or stride, which takes a third of a second. Raises
    RuntimeError under deterministic algorithms, which cuDNN's backward does not have.
    """
    if q_1HMK.device.type != "cuda":
        out_HMK, lse_HM = _forward(q_1HMK[0], k_1GNK[0], v_1GNK[0])
        return out_HMK.transpose(0, 1).contiguous().transpose(0, 1)[None], lse_HM[None, :, :, None]
    if torch.are_deterministic_algorithms_enabled():
        raise RuntimeError("attention blocks is not deterministic: take attention varlen")
    made = torch.ops.aten._scaled_dot_product_cudnn_attention(
        q_1HMK, k_1GNK, v_1GNK, None, True, 0.0, False, False
    )
    return made[0], made[1]


def block_backward(
    lse: Tensor,
    grad_1HMK: Tensor,
    q_1HMK: Tensor,
    k_1GNK: Tensor,
    v_1GNK: Tensor,
    out_1HMK: Tensor,
) -> Gradients:
    """dq, dk, dv, laid out like q, k, v. grad and out must be laid out like q, lse contiguous:
    cuDNN finds its plan by the strides of q, k and v alone."""
    if q_1HMK.device.type != "cuda":
        lse_HM = lse.reshape(lse.shape[1:3])
        parts = (x[0] for x in (grad_1HMK, q_1HMK, k_1GNK, v_1GNK, out_1HMK))
        dq, dk, dv = _backward(lse_HM, *parts)
        return dq[None], dk[None], dv[None]
    unread = torch.empty((), dtype=torch.int64, device=q_1HMK.device)  # seed and offset of dropout
    made: Gradients = torch.ops.aten._scaled_dot_product_cudnn_attention_backward(
        grad_1HMK,
        q_1HMK,
        k_1GNK,
        v_1GNK,
        out_1HMK,
        lse,
        unread,
        unread,
        None,
        None,
        None,
        q_1HMK.shape[2],
        k_1GNK.shape[2],
        0.0,
        False,
    )
    return made


def varlen_forward(
    q_THK: Tensor, k_SGK: Tensor, v_SGK: Tensor, sequences: Sequences
) -> tuple[Tensor, Tensor]:
    """out [T, H, K] and lse [H, T]. Queries without keys get out 0 and an infinite lse."""
    if q_THK.device.type != "cuda":
        return _sequences_forward(q_THK, k_SGK, v_SGK, sequences)
    cu_q, cu_k, most = sequences.cu_q, sequences.cu_k, sequences.most
    made = torch.ops.aten._flash_attention_forward(
        q_THK, k_SGK, v_SGK, cu_q, cu_k, most, most, 0.0, False, False
    )
    return made[0], made[1]


def varlen_backward(
    grad_THK: Tensor,
    q_THK: Tensor,
    k_SGK: Tensor,
    v_SGK: Tensor,
    out_THK: Tensor,
    lse_HT: Tensor,
    sequences: Sequences,
) -> Gradients:
    """dq [T, H, K], dk and dv [S, G, K]; dq of queries without keys means nothing."""
    if q_THK.device.type != "cuda":
        return _sequences_backward(grad_THK, q_THK, k_SGK, v_SGK, out_THK, lse_HT, sequences)
    unread = torch.empty(0, dtype=torch.uint64, device=q_THK.device)  # state of dropout
    made: Gradients = torch.ops.aten._flash_attention_backward(
        grad_THK,
        q_THK,
        k_SGK,
        v_SGK,
        out_THK,
        lse_HT,
        sequences.cu_q,
        sequences.cu_k,
        sequences.most,
        sequences.most,
        0.0,
        False,
        unread,
        unread,
    )
    return made


def _scores(q_HMK: Tensor, k_HNK: Tensor) -> Tensor:
    scores: Tensor = (q_HMK @ k_HNK.transpose(1, 2)) * q_HMK.shape[-1] ** -0.5
    return scores


def _widened(x: Tensor, heads: int) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32)).repeat_interleave(
        heads // x.shape[0], dim=0
    )


def _forward(q_HMK: Tensor, k_GNK: Tensor, v_GNK: Tensor) -> tuple[Tensor, Tensor]:
    q, k, v = (_widened(x, q_HMK.shape[0]) for x in (q_HMK, k_GNK, v_GNK))
    scores_HMN = _scores(q, k)
    lse_HM = scores_HMN.logsumexp(dim=-1)
    return (torch.exp(scores_HMN - lse_HM[..., None]) @ v).to(q_HMK.dtype), lse_HM


def _backward(
    lse_HM: Tensor, grad_HMK: Tensor, q_HMK: Tensor, k_GNK: Tensor, v_GNK: Tensor, out_HMK: Tensor
) -> Gradients:
    heads, shared = q_HMK.shape[0], (k_GNK.shape[0], -1)
    inputs = (grad_HMK, q_HMK, k_GNK, v_GNK, out_HMK)
    grad, q, k, v, out = (_widened(x, heads) for x in inputs)
    weights_HMN = torch.exp(_scores(q, k) - lse_HM[..., None])
    dv = weights_HMN.transpose(1, 2) @ grad
    own_HM1 = (grad * out).sum(-1, keepdim=True)
    ds_HMN = weights_HMN * (grad @ v.transpose(1, 2) - own_HM1) * q.shape[-1] ** -0.5
    dk = ds_HMN.transpose(1, 2) @ q
    dk, dv = (x.unflatten(0, shared).sum(1) for x in (dk, dv))
    return (ds_HMN @ k).to(q_HMK.dtype), dk.to(k_GNK.dtype), dv.to(v_GNK.dtype)


def _spans(sequences: Sequences) -> list[tuple[slice, slice]]:
    """Rows of queries and of keys of each sequence."""
    q, k = sequences.cu_q.tolist(), sequences.cu_k.tolist()
    spans = [(slice(q[n], q[n + 1]), slice(k[n], k[n + 1])) for n in range(len(q) - 1)]
    # A GPU would leave the rows beyond unwritten.
    assert all(s.stop - s.start <= sequences.most for pair in spans for s in pair)
    return spans


def _sequences_forward(
    q_THK: Tensor, k_SGK: Tensor, v_SGK: Tensor, sequences: Sequences
) -> tuple[Tensor, Tensor]:
    out_THK = torch.zeros_like(q_THK)
    wide = torch.promote_types(q_THK.dtype, torch.float32)
    lse_HT = torch.full((q_THK.shape[1], q_THK.shape[0]), float("inf"), dtype=wide)
    for queries, keys in _spans(sequences):
        if keys.start < keys.stop:
            q, k, v = (x.transpose(0, 1) for x in (q_THK[queries], k_SGK[keys], v_SGK[keys]))
            out, lse_HT[:, queries] = _forward(q, k, v)
            out_THK[queries] = out.transpose(0, 1)
    return out_THK, lse_HT


def _sequences_backward(
    grad_THK: Tensor,
    q_THK: Tensor,
    k_SGK: Tensor,
    v_SGK: Tensor,
    out_THK: Tensor,
    lse_HT: Tensor,
    sequences: Sequences,
) -> Gradients:
    dq, dk, dv = (torch.zeros_like(x) for x in (q_THK, k_SGK, v_SGK))
    for queries, keys in _spans(sequences):
        places = (queries, queries, keys, keys, queries)
        inputs = (grad_THK, q_THK, k_SGK, v_SGK, out_THK)
        parts = (x[at].transpose(0, 1) for x, at in zip(inputs, places, strict=True))
        made = _backward(lse_HT[:, queries], *parts)
        for total, at, part in zip((dq, dk, dv), (queries, keys, keys), made, strict=True):
            total[at] = part.transpose(0, 1)
    return dq, dk, dv
