"""Whether the largest row fits the card, and what must be computed again for it, found out before
the first step.

A run that dies of memory at step 200 has wasted 200 steps. So the largest row that packing may
make, with every response token masked, goes forward and backward once, and its gradients away.
"""

from __future__ import annotations

import logging
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from dream_sft.diffusion.loss import plan_loss
from dream_sft.diffusion.masking import ANSWER
from dream_sft.train.methods.method import Method
from dream_sft.train.micro_batches import GlobalBatch, MicroBatch
from dream_sft.train.ranks import ALONE, Ranks
from dream_sft.train.recompute import recompute_layers

# Of the card's memory, for fragments and what a step allocates besides its row.
_SPARE = 0.08
_KEPT_TO_MEASURE = 2

log = logging.getLogger("dream_sft.train")


def worst_row(tokens: int, documents: int, vocabulary: int) -> MicroBatch:
    """A packed row of `tokens` in `documents` equal parts, all but their first tokens masked."""
    cuts = [tokens * n // documents for n in range(documents + 1)]
    lengths = [end - at for at, end in pairwise(cuts)]
    ids_BL = np.arange(tokens, dtype=np.int64)[None] % vocabulary
    starts_BL = np.zeros((1, tokens), np.bool_)
    starts_BL[0, cuts[:-1]] = True
    masked_BL = ~starts_BL
    weights_BL = np.ones((1, tokens), np.float32)
    parts_BL = np.full((1, tokens), ANSWER, np.int8)
    positions = np.concatenate([np.arange(length) for length in lengths])
    return MicroBatch(
        noised_BL=ids_BL,
        keep_BL=None,
        plan=plan_loss(ids_BL, masked_BL, weights_BL, parts_BL, starts_BL),
        sample_ids=[],
        positions_BL=positions[None],
        lengths=tuple(lengths),
    )


def try_worst_row(method: Method, training: dict[str, Any]) -> int | None:
    """Peak bytes reserved on the device; None with padded rows or without a GPU: nothing to try.

    Raises ResourceError with the token budget to try next.
    """
    device = method.model.lm_head.weight.device
    tokens = training["tokensPerMicroBatch"]
    if tokens is None or device.type != "cuda":
        return None
    row = worst_row(tokens, min(training["documentsPerStep"], 8), method.model.config.vocab_size)
    # Twice: the first pass compiles, or records CUDA graphs. Their memory counts as allocated only
    # while they are recorded, so what counts is what torch has reserved.
    for _ in range(2):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        method.try_gradient(GlobalBatch(0, 0.0, [], [row], row.plan.masked, tokens))
        torch.cuda.synchronize(device)
    peak = int(torch.cuda.max_memory_reserved(device))
    log.info("the largest row (%d tokens) takes %.1f GiB", tokens, peak / 2**30)
    return peak


def share_that_fits(layers: int, capacity: int, all_again: int, some_kept: int, kept: int) -> float:
    """The smallest share of layers to compute again that leaves `_SPARE` of `capacity` bytes.

    `all_again`: peak bytes when every layer is computed again; `some_kept`: when `kept` are not.
    """
    each = max((some_kept - all_again) / kept, 1.0)
    room = capacity * (1.0 - _SPARE) - all_again
    keep = max(0, min(layers, int(room / each)))
    return (layers - keep) / layers


def resolve_recomputation(
    method: Method, training: dict[str, Any], ranks: Ranks = ALONE
) -> dict[str, Any]:
    """`training` with activationCheckpointing `auto` replaced by a share, from measured peaks.

    Where nothing can be measured (padded rows, the CPU) no layer is computed again.
    """
    if training["activationCheckpointing"] != "auto":
        return training
    model = method.model
    count, share = len(model.layers()), 0.0
    recompute_layers(model, 1.0)
    all_again = try_worst_row(method, training)
    if all_again is not None:
        recompute_layers(model, (count - _KEPT_TO_MEASURE) / count)
        some_kept = try_worst_row(method, training) or all_again
        device = model.lm_head.weight.device
        capacity = int(torch.cuda.get_device_properties(device).total_memory)
        share = share_that_fits(count, capacity, all_again, some_kept, _KEPT_TO_MEASURE)
    # Ranks that gather layers from each other must do so equally often.
    share = ranks.most(share)
    log.info(
        "%d of %d layers compute their activations again", recompute_layers(model, share), count
    )
    return {**training, "activationCheckpointing": share}
