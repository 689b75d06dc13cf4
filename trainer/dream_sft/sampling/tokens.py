"""From logits to a token: temperature, nucleus, top-k, and a draw by inverse distribution.

Shape letters: N positions, V vocabulary. Source: sample_tokens, top_p_logits and top_k_logits
of generation_utils.py, except for the draw, which is a function of one given number.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dream_sft.sampling.config import SamplingConfig


def distribution(logits_NV: Tensor, config: SamplingConfig) -> Tensor:
    """Probabilities [N, V] in float32 after temperature, top-p and top-k, in this order."""
    scores_NV = logits_NV.float()
    if config.temperature > 0:
        scores_NV = scores_NV / config.temperature
    if config.top_p is not None and config.top_p < 1:
        scores_NV = _keep_nucleus(scores_NV, config.top_p)
    if config.top_k is not None:
        scores_NV = _keep_best(scores_NV, config.top_k)
    return scores_NV.softmax(dim=-1)


def draw(probs_NV: Tensor, unit_N: Tensor | None) -> tuple[Tensor, Tensor]:
    """A token and its probability for each position, both [N].

    unit_N holds float64 numbers in [0, 1); None takes the most probable token.
    """
    best = probs_NV.max(dim=-1)
    if unit_N is None:
        return best.indices, best.values
    cdf_NV = probs_NV.double().cumsum(dim=-1)
    target_N1 = unit_N[:, None] * cdf_NV[:, -1:]
    token_N1 = torch.searchsorted(cdf_NV, target_N1, right=True)
    token_N = token_N1[:, 0].clamp(max=probs_NV.shape[1] - 1)
    prob_N = probs_NV.gather(1, token_N[:, None])[:, 0]
    # A target that rounds up to the total would land on a token that was filtered away.
    lost_N = prob_N <= 0
    return torch.where(lost_N, best.indices, token_N), torch.where(lost_N, best.values, prob_N)


def _keep_nucleus(scores_NV: Tensor, top_p: float) -> Tensor:
    """Drop tokens after the first whose cumulative probability passes top_p."""
    ordered_NV, index_NV = scores_NV.sort(dim=-1, descending=True)
    past_NV = ordered_NV.softmax(dim=-1).cumsum(dim=-1) > top_p
    past_NV = past_NV.roll(1, dims=-1)
    past_NV[:, 0] = False
    drop_NV = torch.zeros_like(past_NV).scatter(1, index_NV, past_NV)
    return scores_NV.masked_fill(drop_NV, torch.finfo(scores_NV.dtype).min)


def _keep_best(scores_NV: Tensor, top_k: int) -> Tensor:
    """Drop tokens below the top_k-th score; ties with it stay."""
    floor_N1 = scores_NV.topk(min(top_k, scores_NV.shape[1]), dim=-1).values[:, -1:]
    return scores_NV.masked_fill(scores_NV < floor_N1, torch.finfo(scores_NV.dtype).min)
