"""Whether the largest micro-batch fits the card, and what must be computed again for it, found out
before the first step.

A run that dies of memory at step 200 has wasted 200 steps. So the row of packing that takes most
memory, or the longest padded rows, goes forward and backward, and its gradients away, beside as
much memory as recordings of other rows may come to take.
"""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import Tensor

from dream_sft.train.methods.method import Method
from dream_sft.train.micro_batches import GlobalBatch, MicroBatch
from dream_sft.train.ranks import ALONE, Ranks
from dream_sft.train.recompute import recompute_layers
from dream_sft.train.step_errors import out_of_memory
from dream_sft.train.worst_layout import Documents, worst_micro_batch

# Of the card's memory, for fragments and what a step allocates besides its row.
_SPARE = 0.06
_KEPT_TO_MEASURE = 2

log = logging.getLogger("dream_sft.train")


def try_worst_case(method: Method, training: dict[str, Any], documents: Documents) -> int | None:
    """Peak bytes reserved on the device, and kept free for recordings; None without a GPU.

    Raises ResourceError with the token budget to try next.
    """
    device = method.model.lm_head.weight.device
    if device.type != "cuda":
        return None
    micro = worst_micro_batch(training, documents, method.model.config.vocab_size)
    # Twice: the first pass compiles, or records CUDA graphs. Their memory counts as allocated only
    # while they are recorded, so what counts is what torch has reserved.
    for _ in range(2):
        torch.cuda.empty_cache()
        kept_free = _room(method.bytes_to_come(), micro, device)
        torch.cuda.reset_peak_memory_stats(device)
        method.try_gradient(
            GlobalBatch(0, 0.0, [], [micro], micro.plan.masked, micro.noised_BL.size)
        )
        torch.cuda.synchronize(device)
        del kept_free
    peak = int(torch.cuda.max_memory_reserved(device))
    # What was kept free goes to the driver, and steps report their own peak.
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    log.info("%s takes %.1f GiB", _told(micro), peak / 2**30)
    return peak


def _room(size: int, micro: MicroBatch, device: torch.device) -> Tensor:
    try:
        return torch.empty(size, dtype=torch.uint8, device=device)
    except RuntimeError as error:
        where = f"keeping {size / 2**30:.1f} GiB free for recorded layers (training.cudaGraphs)"
        typed = out_of_memory(error, micro.noised_BL.size, where)
        if typed is None:
            raise
        raise typed from error


def _told(micro: MicroBatch) -> str:
    rows, tokens = micro.noised_BL.shape
    if micro.lengths is None:
        return f"the largest micro-batch ({rows} documents of {tokens} tokens)"
    count, longest = len(micro.lengths), max(micro.lengths)
    return f"the largest row ({tokens} tokens in {count} documents of up to {longest})"


def share_that_fits(layers: int, capacity: int, all_again: int, some_kept: int, kept: int) -> float:
    """The smallest share of layers to compute again that leaves `_SPARE` of `capacity` bytes.

    `all_again`: peak bytes when every layer is computed again; `some_kept`: when `kept` are not.
    """
    each = max((some_kept - all_again) / kept, 1.0)
    room = capacity * (1.0 - _SPARE) - all_again
    keep = max(0, min(layers, int(room / each)))
    return (layers - keep) / layers


def resolve_recomputation(
    method: Method, training: dict[str, Any], documents: Documents, ranks: Ranks = ALONE
) -> dict[str, Any]:
    """`training` with activationCheckpointing `auto` replaced by a share, from measured peaks.

    Where nothing can be measured (the CPU) no layer is computed again.
    """
    if training["activationCheckpointing"] != "auto":
        return training
    model = method.model
    count, share = len(model.layers()), 0.0
    recompute_layers(model, 1.0)
    all_again = try_worst_case(method, training, documents)
    if all_again is not None:
        recompute_layers(model, (count - _KEPT_TO_MEASURE) / count)
        some_kept = try_worst_case(method, training, documents) or all_again
        device = model.lm_head.weight.device
        capacity = int(torch.cuda.get_device_properties(device).total_memory)
        share = share_that_fits(count, capacity, all_again, some_kept, _KEPT_TO_MEASURE)
    # Ranks that gather layers from each other must do so equally often.
    share = ranks.most(share)
    log.info(
        "%d of %d layers compute their activations again", recompute_layers(model, share), count
    )
    return {**training, "activationCheckpointing": share}
