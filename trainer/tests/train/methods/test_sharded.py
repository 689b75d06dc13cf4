"""Ranks in lockstep. Whole trainings by several processes: test_ranks.py (plain)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from dream_sft.data.dataset import load_dataset
from dream_sft.diffusion.loss import masked_loss
from dream_sft.model.weights import load_dream
from dream_sft.train.batches import Batches
from dream_sft.train.methods.sharded import LockstepAccumulation
from dream_sft.train.micro_batches import MicroBatch
from dream_sft.train.ranks import Ranks
from tests.train.methods.test_accumulation import IDS, TRAINING


@pytest.mark.parametrize(("per_micro", "count"), [(2, 2), (3, 2), (8, 2), (3, 4)])
def test_all_ranks_run_equally_many_and_every_micro_batch_counts_once(
    parts: Path, per_micro: int, count: int
) -> None:
    model, training = load_dream(parts / "base"), {**TRAINING, "documentsPerMicroBatch": per_micro}
    batches = Batches(load_dataset(parts / "dataset"), training, IDS)
    micro_batches = batches.batch(1).micro_batches
    shares: list[list[tuple[MicroBatch, float]]] = []
    for rank in range(count):
        accumulation = LockstepAccumulation(
            model,
            partial(masked_loss, model.head),
            "global",
            autocast=False,
            ranks=Ranks(rank, count),
        )
        shares.append(list(accumulation._own(micro_batches)))
    assert len({len(share) for share in shares}) == 1
    counted = [id(micro) for share in shares for micro, factor in share if factor]
    masked = [id(micro) for micro in micro_batches if micro.plan.masked]
    assert sorted(counted) == sorted(masked) and masked
    factors = {factor for share in shares for _, factor in share}
    # FSDP2 takes the mean of gradients over ranks.
    assert factors <= {0.0, float(count)}
    if len(masked) % count:
        assert 0.0 in factors


def test_nothing_masked_is_nothing_to_run(parts: Path) -> None:
    model = load_dream(parts / "base")
    accumulation = LockstepAccumulation(
        model, partial(masked_loss, model.head), "global", autocast=False, ranks=Ranks(1, 2)
    )
    assert list(accumulation._own([])) == []
