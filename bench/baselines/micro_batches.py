"""Documents, how they are grouped into micro-batches, and the micro-batch that is fastest."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from hf_script import Script

DOCUMENTS, PER_STEP = 128, 16
MICRO_BATCHES = (1, 2, 3, 4, 6, 8, 12, 16)

# Micro-batches of each step, for ever.
Steps = Iterator[list[list[np.ndarray[Any, Any]]]]


def documents_of(lengths: list[int], vocabulary: int) -> list[np.ndarray[Any, Any]]:
    """128 documents of `lengths` in turn, their first end token included."""
    draw = np.random.default_rng(0)
    return [
        draw.integers(0, vocabulary - 8, lengths[number % len(lengths)])
        for number in range(DOCUMENTS)
    ]


def steps_of(documents: list[np.ndarray[Any, Any]], micro_batch: int, grouped: bool) -> Steps:
    """Micro-batches of at least 16 documents a step, for ever.

    `grouped`: documents of like length share a micro-batch, wherever they stand in the epoch; as
    the Trainer's `group_by_length` does for an epoch this short, but with shuffled micro-batches,
    so that 20 steps are like any others.
    """
    draw = np.random.default_rng(1)
    while True:
        order = [documents[number] for number in draw.permutation(len(documents))]
        if grouped:
            order.sort(key=len)
        parts = [order[at : at + micro_batch] for at in range(0, len(order), micro_batch)]
        step: list[list[np.ndarray[Any, Any]]] = []
        for number in draw.permutation(len(parts)):
            step.append(parts[number])
            if sum(len(part) for part in step) >= PER_STEP:
                yield step
                step = []


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


# Of the card: micro-batches of other lengths did not fit where 90 % was allocated for the longest.
MOST_OF_THE_CARD = 0.8


def leaves_room(device: torch.device) -> bool:
    if device.type != "cuda":
        return True
    most = MOST_OF_THE_CARD * torch.cuda.get_device_properties(device).total_memory
    return torch.cuda.max_memory_allocated(device) <= most


def seconds_per_token(script: Script, longest: list[np.ndarray[Any, Any]]) -> float | None:
    """Of one micro-batch of these documents, after one to warm up; None: does not fit with room
    for the fragments that other lengths leave."""
    draw = np.random.default_rng(2)
    if script.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(script.device)
    try:
        for warm in (True, False):
            begun = time.monotonic()
            script.backward([script.rows(longest, draw)])
            script.optimizer.zero_grad(set_to_none=True)
            synchronise(script.device)
            if not warm and leaves_room(script.device):
                return (time.monotonic() - begun) / sum(len(ids) for ids in longest)
    except torch.OutOfMemoryError:
        pass
    # Outside the handler: the error holds on to the tensors of the failed pass.
    script.optimizer.zero_grad(set_to_none=True)
    gc.collect()
    torch.cuda.empty_cache()
    return None


def best_micro_batch(
    script: Script, documents: list[np.ndarray[Any, Any]]
) -> tuple[int, dict[int, float | None]]:
    """The fastest micro-batch of the longest documents, and milliseconds a token of each tried."""
    ordered = sorted(documents, key=len, reverse=True)
    tried: dict[int, float | None] = {}
    for size in MICRO_BATCHES:
        found = seconds_per_token(script, ordered[:size])
        tried[size] = None if found is None else round(found * 1e3, 4)
        if found is None:
            break
    fitting = {size: took for size, took in tried.items() if took is not None}
    if not fitting:
        raise RuntimeError("not even one document fits without gradient checkpointing")
    return min(fitting, key=lambda size: fitting[size]), tried
