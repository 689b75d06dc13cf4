"""Loss and both gradients of a trained head, a chunk of masked positions at a time.

Shape letters: B rows, L positions, D hidden width, N masked positions, C of a chunk, V vocabulary.

The gradient of the logits is known as soon as they are, so each chunk is multiplied into the
hidden gradient and the head's float32 gradient at once: no logits are kept or computed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from dream_sft.diffusion.frozen_head import nll_and_gradient
from dream_sft.diffusion.loss import DEFAULT_CHUNK, LossPlan, part_sums
from dream_sft.model.to_device import on_device
from dream_sft.train.gradient_sums import AddGradient, add_gradient

LogitsStep = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class HeadResult:
    """Loss in nats (already divided by `share`) and what the backward pass goes on with."""

    loss: Tensor  # float32, scalar
    parts_weighted: Tensor  # [3] sums over answer, first EOS, tail; not divided
    levels_nll: Tensor  # [LEVELS] unweighted sums by bucket of t
    hidden_gradient_BLD: Tensor


@torch.no_grad()
def head_backward(
    head_VD: Tensor,
    hidden_BLD: Tensor,
    plan: LossPlan,
    share: float,
    head_gradient_VD: Tensor,
    *,
    chunk: int = DEFAULT_CHUNK,
    logits_step: LogitsStep = nll_and_gradient,
    add: AddGradient = add_gradient,
) -> HeadResult:
    """The loss of `diffusion.loss.masked_loss` over `share`, and its gradients.

    Adds the head's gradient to `head_gradient_VD` (float32). `share`: what `divisor` returns.
    `logits_step` and `add`: `nll_and_gradient` and `add_gradient`, or compiled forms of them.
    """
    device = hidden_BLD.device
    rows_N = on_device(plan.rows, device)
    targets_N = on_device(plan.targets, device)
    weights_N = on_device(plan.weights, device)
    flat = hidden_BLD.flatten(0, 1)
    # float32, and added to: two masked positions may share a row at the start of a document.
    gradient = torch.zeros_like(flat, dtype=torch.float32)
    nll = []
    for at in range(0, plan.masked, chunk):
        part = slice(at, at + chunk)
        hidden_CD = flat.index_select(0, rows_N[part])
        nll_C, slope_CV = logits_step(
            hidden_CD @ head_VD.t(), targets_N[part], weights_N[part] / share
        )
        gradient.index_add_(0, rows_N[part], (slope_CV @ head_VD).float())
        add(head_gradient_VD, slope_CV.t() @ hidden_CD)
        nll.append(nll_C)
    nll_N = torch.cat(nll) if nll else torch.zeros_like(weights_N)
    parts_weighted, _parts_nll, levels_nll = part_sums(plan, nll_N, weights_N)
    return HeadResult(
        loss=(nll_N * weights_N).sum() / share,
        parts_weighted=parts_weighted,
        levels_nll=levels_nll,
        hidden_gradient_BLD=gradient.view(hidden_BLD.shape),
    )
