"""Cross-entropy through a head that is not trained: gradient of the hidden rows in the forward.

Shape letters: N masked positions, C rows of a chunk, D hidden width, V vocabulary.

The gradient of the logits is known as soon as the logits are: weight times (softmax - one-hot).
Multiplying it with the head at once saves computing the logits again in the backward pass, and at
most one chunk of V-wide logits ever exists (the idea of Liger-Kernel's fused linear cross
entropy, for a frozen head).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from dream_sft.diffusion.loss import DEFAULT_CHUNK, LossPlan, LossSums, part_sums
from dream_sft.model.to_device import on_device


class _FrozenHeadLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden_ND: Tensor,
        head_VD: Tensor,
        targets_N: Tensor,
        weights_N: Tensor,
        chunk: int,
        step: Any,
    ) -> tuple[Tensor, Tensor]:
        grad_ND, nll = torch.empty_like(hidden_ND), []
        for at in range(0, hidden_ND.shape[0], chunk):
            part = slice(at, at + chunk)
            logits_CV = hidden_ND[part] @ head_VD.t()
            nll_C, grad_CV = step(logits_CV, targets_N[part], weights_N[part])
            torch.mm(grad_CV, head_VD, out=grad_ND[part])
            nll.append(nll_C)
        nll_N = torch.cat(nll)
        ctx.save_for_backward(grad_ND)
        ctx.mark_non_differentiable(nll_N)
        return (nll_N * weights_N).sum(), nll_N

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _nll: Tensor) -> tuple[Tensor | None, ...]:
        (grad_ND,) = ctx.saved_tensors
        return grad_ND * grad.to(grad_ND.dtype), None, None, None, None, None


def nll_and_gradient(
    logits_CV: Tensor, targets_C: Tensor, weights_C: Tensor
) -> tuple[Tensor, Tensor]:
    """NLL [C] in float32 and weight * (softmax - one-hot) [C, V] in the logits' dtype."""
    wide = logits_CV.float()
    log_sum_C1 = torch.logsumexp(wide, dim=-1, keepdim=True)
    nll_C = (log_sum_C1 - wide.gather(1, targets_C[:, None]))[:, 0]
    hit_CV = torch.arange(wide.shape[1], device=wide.device)[None] == targets_C[:, None]
    grad_CV = (torch.exp(wide - log_sum_C1) - hit_CV.float()) * weights_C[:, None]
    return nll_C, grad_CV.to(logits_CV.dtype)


def frozen_head_loss(
    hidden_ND: Tensor,
    head_VD: Tensor,
    targets_N: Tensor,
    weights_N: Tensor,
    *,
    chunk: int,
    step: Any = nll_and_gradient,
) -> tuple[Tensor, Tensor]:
    """Weighted sum of NLL (carries the gradient) and the NLL of each row, both float32."""
    found: tuple[Tensor, Tensor] = _FrozenHeadLoss.apply(  # type: ignore[no-untyped-call]
        hidden_ND, head_VD, targets_N, weights_N, chunk, step
    )
    return found


def frozen_masked_loss(
    head_VD: Tensor,
    hidden_BLD: Tensor,
    plan: LossPlan,
    *,
    chunk: int = DEFAULT_CHUNK,
    step: Any = nll_and_gradient,
) -> LossSums:
    """`loss.masked_loss` for a head that is not trained."""
    device = hidden_BLD.device
    hidden_ND = hidden_BLD.flatten(0, 1).index_select(0, on_device(plan.rows, device))
    weights_N = on_device(plan.weights, device)
    targets_N = on_device(plan.targets, device)
    total, nll_N = frozen_head_loss(
        hidden_ND, head_VD, targets_N, weights_N, chunk=chunk, step=step
    )
    return LossSums(total, *part_sums(plan, nll_N, weights_N))
