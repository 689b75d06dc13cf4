"""Rows hold the same documents, noise and loss however they are cut."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dream_sft.data.dataset import Dataset, Document, pack
from dream_sft.diffusion.loss import masked_loss
from dream_sft.diffusion.order import OrderHash
from dream_sft.io.errors import SpecError
from dream_sft.train.batches import Batches, GlobalBatch, MicroBatch, TokenIds
from dream_sft.train.ranks import Ranks

MASK, EOS, PAD = 99, 98, 97
IDS = TokenIds(mask=MASK, eos=EOS, pad=PAD)
TRAINING: dict[str, Any] = {
    "seed": 4,
    "documentsPerStep": 6,
    "documentsPerMicroBatch": 6,
    "tokensPerMicroBatch": None,
    "t": "low_discrepancy",
    "eosTail": [0, 9],
    "weighting": "cart",
    "cartP": 0.1,
}


def made(lengths: list[tuple[int, int]]) -> Dataset:
    """Documents of (prompt, answer) tokens; without a prompt token 0 may be masked."""
    random = np.random.default_rng(8)
    documents = [
        Document(50 + n, random.integers(1, 90, sum(pair)).astype(np.int32), pair[0], n % 5 == 4)
        for n, pair in enumerate(lengths)
    ]
    absent = Path("absent")
    return Dataset(folder=absent, rows_file=absent / "rows.jsonl", **pack(documents))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return made([(0, 30), (7, 1), (0, 90), (12, 40), (3, 80), (0, 5), (40, 60), (1, 1), (20, 55)])


def documents_of(micro: MicroBatch) -> list[tuple[int, int]]:
    """(start, length) of each document in the flattened rows, padding left out."""
    if micro.lengths is None:
        rows, length = micro.noised_BL.shape
        if not micro.sample_ids:
            return []
        keep = np.ones((rows, length), np.bool_) if micro.keep_BL is None else micro.keep_BL
        return [(row * length, int(keep[row].sum())) for row in range(rows)]
    starts = np.cumsum([0, *micro.lengths]).tolist()
    return list(zip(starts, micro.lengths, strict=False))[: len(micro.sample_ids)]


def terms(batch: GlobalBatch) -> Counter[tuple[Any, ...]]:
    """Every term of the loss: document, predicting row in it, target, weight and part."""
    found: Counter[tuple[Any, ...]] = Counter()
    for micro in batch.micro_batches:
        owner = np.full(micro.noised_BL.size, -1)
        within = np.zeros(micro.noised_BL.size, np.int64)
        for n, (start, length) in enumerate(documents_of(micro)):
            owner[start : start + length] = n
            within[start : start + length] = np.arange(length)
        plan = micro.plan
        for row, target, weight, part in zip(
            plan.rows, plan.targets, plan.weights, plan.parts, strict=True
        ):
            assert owner[row] >= 0, "padding predicts nothing"
            sample = micro.sample_ids[owner[row]]
            found[sample, int(within[row]), int(target), float(weight), int(part)] += 1
    return found


def order_hash(batch: GlobalBatch) -> str:
    order = OrderHash()
    for sample in batch.samples:
        order.update(
            step=batch.step,
            sample_id=sample.sample_id,
            epoch=sample.epoch,
            t=sample.t,
            mask=sample.masked_L,
            learning_rate=0.1,
        )
    return order.hex()


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 70)), min_size=2, max_size=12),
    step=st.integers(1, 9),
    cap=st.sampled_from([128, 256, 1024]),
    ranks=st.integers(1, 4),
    per_micro=st.integers(1, 6),
    tail=st.sampled_from([[0, 9], "official", "as_one"]),
    weighting=st.sampled_from(["cart", "original"]),
)
def test_order_noise_and_loss_do_not_depend_on_rows_or_ranks(
    pairs: list[tuple[int, int]], step: int, cap: int, ranks: int, per_micro: int, **rules: Any
) -> None:
    training = {**TRAINING, "eosTail": rules["tail"], "weighting": rules["weighting"]}
    data = made(pairs)
    plain = Batches(data, training, IDS).batch(step)
    variants = [
        {"tokensPerMicroBatch": cap},
        {"tokensPerMicroBatch": cap, "worldSize": ranks},
        {"documentsPerMicroBatch": per_micro, "worldSize": ranks},
    ]
    for variant in variants:
        batch = Batches(data, {**training, **variant}, IDS).batch(step)
        assert order_hash(batch) == order_hash(plain)
        assert terms(batch) == terms(plain)
        assert (batch.masked, batch.tokens) == (plain.masked, plain.tokens)
        if "worldSize" in variant:
            shares = [Ranks(rank, ranks).share(batch.micro_batches) for rank in range(ranks)]
            assert {len(share) * ranks for share in shares} == {len(batch.micro_batches)}


def test_a_packed_row_has_its_documents_end_to_end_and_the_padding_as_the_last(
    dataset: Dataset,
) -> None:
    batch = Batches(dataset, {**TRAINING, "tokensPerMicroBatch": 256}, IDS).batch(1)
    samples = {sample.sample_id: sample for sample in batch.samples}
    assert len(batch.micro_batches) > 1
    for micro in batch.micro_batches:
        row = micro.noised_BL[0]
        assert micro.noised_BL.shape[0] == 1 and row.size % 128 == 0 and row.size <= 256
        assert micro.keep_BL is None and micro.lengths is not None
        assert micro.positions_BL is not None and micro.positions_BL.shape == (1, row.size)
        assert sum(micro.lengths) == row.size
        expected = [position for length in micro.lengths for position in range(length)]
        assert micro.positions_BL[0].tolist() == expected
        end = 0
        for sample_id, (start, length) in zip(micro.sample_ids, documents_of(micro), strict=True):
            sample = samples[sample_id]
            assert length == sample.shape.length
            noised = np.where(sample.masked_L, MASK, sample.ids_L)
            assert np.array_equal(row[start : start + length], noised)
            end = start + length
        assert (row[end:] == PAD).all()


def test_a_masked_first_token_is_predicted_from_its_own_row(dataset: Dataset) -> None:
    """Never from the last row of the document before it."""
    batches = Batches(dataset, {**TRAINING, "tokensPerMicroBatch": 256}, IDS)
    checked = 0
    for micro in (m for step in range(1, 9) for m in batches.batch(step).micro_batches):
        row = micro.noised_BL[0]
        for number, (start, length) in enumerate(documents_of(micro)):
            masked = np.flatnonzero(row[start : start + length] == MASK)
            expected = start + np.maximum(masked - 1, 0)
            mine = (micro.plan.rows >= start) & (micro.plan.rows < start + length)
            assert np.array_equal(micro.plan.rows[mine], expected)
            checked += number > 0 and row[start] == MASK
    assert checked > 5  # first tokens that follow another document


def test_gradients_reach_the_same_hidden_rows(dataset: Dataset) -> None:
    """The loss itself, with hidden states that are a function of (document, position)."""
    table = torch.randn(200, 256, 12, generator=torch.Generator().manual_seed(1))
    head = torch.randn(12, 100, generator=torch.Generator().manual_seed(2))

    def loss(batch: GlobalBatch) -> torch.Tensor:
        total = torch.zeros(())
        for micro in batch.micro_batches:
            hidden = torch.zeros(micro.noised_BL.size, 12)
            for sample, (start, length) in zip(micro.sample_ids, documents_of(micro), strict=True):
                hidden[start : start + length] = table[sample, :length]
            sums = masked_loss(lambda rows: rows @ head, hidden[None], micro.plan)
            total = total + sums.total
        return total / batch.masked

    plain = loss(Batches(dataset, TRAINING, IDS).batch(3))
    packed = loss(Batches(dataset, {**TRAINING, "tokensPerMicroBatch": 384}, IDS).batch(3))
    torch.testing.assert_close(packed, plain, rtol=1e-6, atol=0)


def test_a_rank_without_documents_gets_a_row_that_masks_nothing(dataset: Dataset) -> None:
    for changes in ({"tokensPerMicroBatch": 128}, {"documentsPerMicroBatch": 1}):
        training = {**TRAINING, "documentsPerStep": 1, "worldSize": 3, **changes}
        batch = Batches(dataset, training, IDS).batch(1)
        assert [len(m.sample_ids) for m in batch.micro_batches].count(1) == 1
        idle = [m for m in batch.micro_batches if not m.sample_ids]
        assert len(idle) == 2
        for micro in idle:
            assert micro.plan.masked == 0 and micro.noised_BL.shape == (1, 128)
            assert micro.keep_BL is None and (micro.noised_BL == PAD).all()


def test_documents_longer_than_a_row_are_named_before_training(dataset: Dataset) -> None:
    with pytest.raises(
        SpecError, match=r"2 documents .* longer than 96; give at least 128"
    ) as info:
        Batches(dataset, {**TRAINING, "tokensPerMicroBatch": 96}, IDS)
    # 90 tokens with the end token and the longest tail; the cut document (row 5) has no end.
    assert info.value.mistakes == ["row 3: 100 tokens", "row 7: 110 tokens"]


def test_official_lengths_count_the_longest_response(dataset: Dataset) -> None:
    training = {**TRAINING, "eosTail": "official", "tokensPerMicroBatch": 128}
    with pytest.raises(
        SpecError, match=r"1 document \(end tokens included\) longer than 128"
    ) as info:
        Batches(dataset, training, IDS)
    assert info.value.mistakes == ["row 7: 130 tokens"]
