"""From hidden states to a token and a confidence for every wanted position.

Shape letters: B slots, D hidden width, Q scored positions a slot, N = B * Q, P of these at once,
V vocabulary, C canvas positions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from dream_sft.model.network import Dream
from dream_sft.sampling.cached_model import captured
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.orders import ORDERS
from dream_sft.sampling.paces import pace_of
from dream_sft.sampling.places import Places
from dream_sft.sampling.reveals import reveal_of
from dream_sft.sampling.tokens import distribution, draw

# Logits of more positions are made in equal parts, so that they never fill the memory.
_AT_ONCE = 1024
Scores = tuple[NDArray[np.int64], NDArray[np.float32]]


class Scorer:
    """Always as many positions as a step can want, so that the shapes never change."""

    def __init__(self, model: Dream, config: SamplingConfig, *, graphs: bool = False) -> None:
        self.model, self.config, self.graphs = model, config, graphs
        self._replays: dict[object, Callable[..., Tensor]] = {}
        self.device = model.lm_head.weight.device
        self.order = ORDERS[config.order]
        self.raw = reveal_of(config.reveal, config.order).raw_confidence
        self.width = most_wanted(config)
        # A place that stayed masked would be one more for its block's last step than it scores.
        self.mask = model.config.mask_token_id if config.reveal == "left_to_right" else None

    def __call__(self, hidden_BQD: Tensor, places: Places, unit_BC: Units) -> Scores:
        """Tokens and confidences [B, C] of the places, whose hidden states hidden_BQD are; 0 and
        -inf elsewhere. unit_BC: uniform draws, where tokens are drawn."""
        place_BQ, real_BQ = places.place_BQ, places.real_BQ
        unit_BQ = None if unit_BC is None else np.take_along_axis(unit_BC, place_BQ, axis=1)
        token_N, confidence_N = self._scores(hidden_BQD.flatten(0, 1), unit_BQ)
        form = (len(place_BQ), self.config.max_new_tokens)
        tokens_BC, confidence_BC = np.zeros(form, np.int64), np.full(form, -np.inf, np.float32)
        slot_BQ = np.broadcast_to(np.arange(len(place_BQ))[:, None], place_BQ.shape)
        at = (slot_BQ[real_BQ], place_BQ[real_BQ])
        tokens_BC[at] = token_N.reshape(place_BQ.shape)[real_BQ]
        confidence_BC[at] = confidence_N.reshape(place_BQ.shape)[real_BQ]
        return tokens_BC, confidence_BC

    def _scores(self, hidden_ND: Tensor, unit_BQ: Units) -> Scores:
        total = len(hidden_ND)
        parts = -(-total // _AT_ONCE)
        size = -(-total // parts)
        spare = parts * size - total
        inputs = [functional.pad(hidden_ND, (0, 0, 0, spare))]
        if unit_BQ is not None:
            units = np.pad(unit_BQ.ravel(), (0, spare))
            inputs.append(torch.from_numpy(units).to(self.device))
        made = []
        for part in zip(*(torch.split(x, size) for x in inputs), strict=True):
            scores_2P = self._run(*part)
            # Cloned: the next part's result lies in the same place.
            made.append(scores_2P.clone() if parts > 1 else scores_2P)
        scores_2N = torch.cat(made, dim=1)[:, :total].cpu().numpy()
        return scores_2N[0].astype(np.int64), scores_2N[1].astype(np.float32)

    def _run(self, *inputs: Tensor) -> Tensor:
        """As one CUDA graph: two dozen launches take as long as what they compute."""
        if not self.graphs:
            return self._measure(*inputs)
        key = tuple(tuple(x.shape) for x in inputs)
        if key not in self._replays:
            self._replays[key] = captured(self._measure, *inputs)
        return self._replays[key](*inputs)

    def _measure(self, hidden_PD: Tensor, unit_P: Tensor | None = None) -> Tensor:
        """Tokens and confidences as one float64 [2, P], which holds both exactly."""
        logits_PV = self.model.head(hidden_PD)
        if self.mask is not None:
            logits_PV[:, self.mask] = -torch.inf
        probs_PV = distribution(logits_PV, self.config)
        token_P, drawn_P = draw(probs_PV, unit_P)
        if self.raw:
            probs_PV = logits_PV.float().softmax(dim=-1)
            drawn_P = probs_PV.gather(1, token_P[:, None])[:, 0]
        return torch.stack((token_P.double(), self.order(probs_PV, drawn_P).double()))


Units = NDArray[np.float64] | None


def most_wanted(config: SamplingConfig) -> int:
    """The most positions of one row that a step can want scored."""
    if config.reveal != "left_to_right" or config.remask is not None:
        return config.block
    pace, left, most = pace_of(config), np.array([config.block]), 1
    for step in range(pace.limit):
        count = pace.at(np.array([step]), left).counts
        left, most = left - count, max(most, int(count[0]))
    return most
