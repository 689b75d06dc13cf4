"""The loss of a micro-batch, over masked positions only.

Shape letters: B rows, L positions, D hidden width, V vocabulary, N masked positions.

1. Host: masked positions become flat indices. The model's row i scores token i + 1 (the shift
   kept from the autoregressive parent), so token i is scored by row i - 1, and by row i itself
   at the first position of a document (official: the shifted logits repeat row 0).
2. Device: the N hidden rows are gathered before the head, which is 7 % of the work and nearly
   all of the memory; the official code computes logits of every position.
3. Cross-entropy in float32, in chunks of rows whose logits are computed again for the backward
   pass, so that at most one chunk of V-wide logits exists at a time.
4. Sums, not means: who knows the masked count of the whole global batch divides (`divisor`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from dream_sft.diffusion.masking import ANSWER, FIRST_EOS, TAIL
from dream_sft.model.to_device import on_device

PARTS = (ANSWER, FIRST_EOS, TAIL)
DEFAULT_CHUNK = 1024
LEVELS = 8


@dataclass(frozen=True)
class LossPlan:
    """What the loss needs, as host arrays over the N masked positions."""

    rows: NDArray[np.int64]  # into hidden states flattened to [B*L, D]
    targets: NDArray[np.int64]  # the true token
    weights: NDArray[np.float32]
    parts: NDArray[np.int64]  # ANSWER, FIRST_EOS or TAIL
    counts: tuple[int, int, int]  # masked positions of each part
    levels: NDArray[np.int8]  # bucket of t, 0 to LEVELS - 1, of the position's document

    @property
    def masked(self) -> int:
        """N."""
        return int(self.rows.size)


@dataclass(frozen=True)
class LossSums:
    """Sums in nats over the masked positions; only `total` carries a gradient."""

    total: Tensor  # weighted, scalar
    parts_weighted: Tensor  # [3] answer, first EOS, tail
    parts_nll: Tensor  # [3] unweighted
    levels_nll: Tensor  # [LEVELS] unweighted, by bucket of t


def plan_loss(
    ids_BL: NDArray[np.int64],
    masked_BL: NDArray[np.bool_],
    weights_BL: NDArray[np.float32],
    parts_BL: NDArray[np.int8],
    starts_BL: NDArray[np.bool_] | None = None,
    levels_BL: NDArray[np.int8] | None = None,
) -> LossPlan:
    """Stage 1. `ids_BL` are the true tokens; `starts_BL` marks first positions of documents.

    Without `starts_BL` every row holds one document that begins at position 0.
    """
    flat = np.flatnonzero(masked_BL)
    if starts_BL is None:
        starts_BL = np.zeros(masked_BL.shape, np.bool_)
        starts_BL[:, 0] = True
    first_N = starts_BL.reshape(-1)[flat]
    parts_N = parts_BL.reshape(-1)[flat].astype(np.int64)
    if (parts_N > TAIL).any():
        raise ValueError("a prompt position is masked: only response tokens may be")
    answer, first_eos, tail = (int((parts_N == part).sum()) for part in PARTS)
    return LossPlan(
        rows=flat - ~first_N,
        targets=ids_BL.reshape(-1)[flat].astype(np.int64),
        weights=weights_BL.reshape(-1)[flat].astype(np.float32),
        parts=parts_N,
        counts=(answer, first_eos, tail),
        levels=np.zeros(flat.size, np.int8) if levels_BL is None else levels_BL.reshape(-1)[flat],
    )


def masked_loss(
    head: Callable[[Tensor], Tensor],
    hidden_BLD: Tensor,
    plan: LossPlan,
    *,
    chunk: int = DEFAULT_CHUNK,
) -> LossSums:
    """Stages 2 and 3. A plan without masked positions gives zeros that still have a gradient."""
    device = hidden_BLD.device
    hidden_ND = hidden_BLD.flatten(0, 1).index_select(0, on_device(plan.rows, device))
    nll_N = _chunked_nll(head, hidden_ND, on_device(plan.targets, device), chunk)
    weights_N = on_device(plan.weights, device)
    return LossSums((nll_N * weights_N).sum(), *part_sums(plan, nll_N.detach(), weights_N))


def part_sums(plan: LossPlan, nll_N: Tensor, weights_N: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted and unweighted sums [3] over answer, first EOS and tail; unweighted [LEVELS]."""
    member = np.concatenate(
        (plan.parts == np.array(PARTS)[:, None], plan.levels == np.arange(LEVELS)[:, None])
    )
    # One-hot products add in a fixed order, which atomic additions on a GPU do not.
    member_GN = on_device(member.astype(np.float32), nll_N.device)
    nll_G = member_GN @ nll_N
    return member_GN[: len(PARTS)] @ (nll_N * weights_N), nll_G[: len(PARTS)], nll_G[len(PARTS) :]


def level_of(t: float) -> int:
    """The bucket of a noise level: i where i / LEVELS <= t < (i + 1) / LEVELS."""
    return min(int(t * LEVELS), LEVELS - 1)


def _chunked_nll(
    head: Callable[[Tensor], Tensor], hidden_ND: Tensor, targets_N: Tensor, chunk: int
) -> Tensor:
    def nll(rows_CD: Tensor, targets_C: Tensor) -> Tensor:
        return functional.cross_entropy(head(rows_CD).float(), targets_C, reduction="none")

    if hidden_ND.shape[0] <= chunk:
        return nll(hidden_ND, targets_N)
    pairs = zip(torch.split(hidden_ND, chunk), torch.split(targets_N, chunk), strict=True)
    if not torch.is_grad_enabled():
        return torch.cat([nll(*pair) for pair in pairs])
    # No random draws happen inside, so there is no generator state worth keeping.
    return torch.cat(
        [checkpoint(nll, *pair, use_reentrant=False, preserve_rng_state=False) for pair in pairs]
    )


def divisor(
    mode: Literal["global", "microbatch"],
    *,
    global_masked: int,
    microbatch_masked: int,
    microbatches: int,
) -> float:
    """Stage 4: what to divide a micro-batch's `total` by before its backward pass.

    global: the masked count over all ranks and micro-batches of the step, so that every masked
    token counts the same. microbatch: the official rule, a mean over micro-batches (and ranks,
    included in `microbatches`) of means over masked tokens. Never below 1: a batch without a
    masked token gives 0 where the official code gives 0/0.
    """
    if mode == "global":
        return float(max(global_masked, 1))
    if mode == "microbatch":
        return float(max(microbatch_masked, 1) * microbatches)
    raise ValueError(f"unknown normalisation {mode!r}: use 'global' or 'microbatch'")
