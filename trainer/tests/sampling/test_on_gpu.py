"""Promises that only a card can break: graphs, flash kernels, half precision."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch

from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream, init_weights
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.engine import Request, Sampler
from dream_sft.sampling.kernels import obstacle_to_compiling
from tests.model.small import small_dream

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")


@cache
def model() -> Dream:
    """Heads of 16, which flash attention takes."""
    raw = {**small_dream().config.to_dict(), "hidden_size": 64, "intermediate_size": 128}
    made = Dream(DreamConfig.from_dict({**raw, "max_position_embeddings": 512}))
    init_weights(made, 0)
    return made.to("cuda", torch.bfloat16).eval()


def decode(order: list[int], cache: str, slots: int = 4, **options: Any) -> dict[int, list[int]]:
    config = SamplingConfig(
        max_new_tokens=32, block_length=8, cache=cache, tokens_per_step=2, temperature=0.7
    )
    sampler = Sampler(model(), config, slots=slots, **options)
    asked = [Request([1 + n % 30] * (3 + 5 * n), n) for n in order]
    return {order[a.index]: a.tokens.tolist() for a in sampler.decode(asked)}


@pytest.mark.parametrize("cache", ["none", "every_step", "per_block", "commit_pass"])
def test_rows_are_bit_equal_whatever_their_neighbours_slot_and_order(cache: str) -> None:
    straight = decode(list(range(11)), cache)
    assert decode([7, 3, 10, 0, 5, 9, 1, 8, 2, 6, 4], cache) == straight
    assert decode([6], cache)[6] == straight[6]


@pytest.mark.skipif(obstacle_to_compiling("cuda") is not None, reason="needs a compiler")
@pytest.mark.parametrize("fused", [False, True], ids=["apart", "fused"])
@pytest.mark.parametrize("cache", ["none", "per_block", "commit_pass"])
def test_so_are_rows_that_are_computed_as_an_evaluation_computes_them(
    cache: str, fused: bool
) -> None:
    how = {"compiled": True, "fused": fused}
    straight = decode(list(range(11)), cache, **how)
    assert decode([7, 3, 10, 0, 5, 9, 1, 8, 2, 6, 4], cache, **how) == straight
    assert decode([6], cache, **how)[6] == straight[6]


@pytest.mark.parametrize("cache", ["none", "per_block", "commit_pass"])
def test_graphs_change_no_token(cache: str) -> None:
    order = list(range(7))
    assert decode(order, cache, graphs=False) == decode(order, cache)
