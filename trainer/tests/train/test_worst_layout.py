"""No micro-batch that a run makes takes more memory than the one that is tried before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.data.dataset import Dataset, Document
from dream_sft.data.dataset import pack as pack_dataset
from dream_sft.model.cudnn_layout import PlanKey, key_of, statistics_form
from dream_sft.model.document_bounds import SHORTEST, DocumentBounds, power_of_two
from dream_sft.train.batches import Batches, TokenIds
from dream_sft.train.packing import pack, rounded
from dream_sft.train.worst_layout import Documents, worst_lengths, worst_micro_batch

HEADS, KV_HEADS, WIDTH = 28, 4, 128
VOCABULARY = 99


def key(lengths: tuple[int, ...], *, packed: bool) -> PlanKey:
    q_LHK, k_LGK = (
        torch.empty(sum(lengths), heads, WIDTH, dtype=torch.bfloat16, device="meta")
        for heads in (HEADS, KV_HEADS)
    )
    bounds = DocumentBounds.of(lengths, "cpu")
    return key_of(q_LHK, k_LGK, bounds)._replace(packed_statistics=packed)


def statistics_bytes(lengths: tuple[int, ...], *, packed: bool) -> int:
    """Of one layer."""
    form = statistics_form(key(lengths, packed=packed), sum(lengths))
    return 4 * int(np.prod(form))


def rows_of(lengths: list[int], cap: int, ranks: int) -> list[tuple[int, ...]]:
    """As `micro_batches` lays them out: the padding is the last document."""
    found = []
    for row in pack(lengths, cap, ranks):
        members = [lengths[n] for n in row]
        padding = rounded(sum(members)) - sum(members)
        found.append((*members, padding) if padding else tuple(members))
    return found


steps = st.integers(1, 24).flatmap(
    lambda blocks: st.tuples(
        st.lists(st.integers(1, 128 * blocks), min_size=1, max_size=40),
        st.just(128 * blocks),
        st.integers(1, 3),
    )
)


@given(steps)
def test_no_row_of_packing_outweighs_the_tried_one(case: tuple[list[int], int, int]) -> None:
    lengths, cap, ranks = case
    tried = worst_lengths(cap, Documents(len(lengths), min(lengths), max(lengths)))
    for row in rows_of(lengths, cap, ranks):
        assert sum(row) <= sum(tried)
        for packed in (True, False):
            assert statistics_bytes(row, packed=packed) <= statistics_bytes(tried, packed=packed)


@given(steps)
def test_the_tried_row_asks_for_no_plan_that_no_row_needs(
    case: tuple[list[int], int, int],
) -> None:
    lengths, cap, _ = case
    documents = Documents(len(lengths), min(lengths), max(lengths))
    tried = key(worst_lengths(cap, documents), packed=True)
    assert tried.documents <= power_of_two(documents.each_step + 1)
    assert tried.longest == power_of_two(documents.longest, SHORTEST) or tried.documents > 1
    assert tried.longest <= power_of_two(documents.longest, SHORTEST)


@given(steps)
def test_the_tried_row_is_full(case: tuple[list[int], int, int]) -> None:
    lengths, cap, _ = case
    tried = worst_lengths(cap, Documents(len(lengths), min(lengths), max(lengths)))
    assert min(tried) >= 1
    assert sum(tried) == min(cap, rounded(len(lengths) * max(lengths)))


def test_one_long_document_among_many_short_ones_is_what_cudnn_pays_for() -> None:
    # 16 documents a step of 40 to 4096 tokens in rows of 8192: 17 with the padding, so a plan for
    # 32 x 4096. Eight equal documents, tried before, stand for 8 x 1024.
    tried = worst_lengths(8192, Documents(16, 40, 4096))
    assert len(tried) == 17 and tried[0] == 4096 and sum(tried) == 8192
    assert statistics_bytes(tried, packed=False) == 32 * 4096 * HEADS * 4
    assert statistics_bytes((1024,) * 8, packed=False) == 8 * 1024 * HEADS * 4
    # Packed, both take what 8192 tokens take.
    assert statistics_bytes(tried, packed=True) == 8192 * HEADS * 4
    assert statistics_bytes((1024,) * 8, packed=True) == 8192 * HEADS * 4


@pytest.mark.parametrize(
    ("tokens", "documents", "expected"),
    [
        (256, Documents(1, 256, 256), (256,)),
        (256, Documents(1, 10, 200), (200, 56)),
        # No step can fill the row.
        (8192, Documents(2, 60, 60), (60, 34, 34)),
        # Two do not fit, and one leaves more than padding.
        (512, Documents(2, 257, 257), (257, 255)),
        (128, Documents(4, 1, 127), (124, 1, 1, 1, 1)),
    ],
)
def test_small_rows(tokens: int, documents: Documents, expected: tuple[int, ...]) -> None:
    assert worst_lengths(tokens, documents) == expected


def settings(**changed: Any) -> dict[str, Any]:
    return {
        "seed": 4,
        "documentsPerStep": 6,
        "documentsPerMicroBatch": 3,
        "tokensPerMicroBatch": None,
        "t": "uniform",
        "eosTail": [0, 9],
        "weighting": "none",
        "cartP": 0.1,
        **changed,
    }


def made(lengths: list[tuple[int, int]]) -> Dataset:
    random = np.random.default_rng(8)
    documents = [
        Document(50 + n, random.integers(1, 90, sum(pair)).astype(np.int32), pair[0], n % 3 == 2)
        for n, pair in enumerate(lengths)
    ]
    return Dataset(folder=Path("absent"), rows_file=Path("absent"), **pack_dataset(documents))


@pytest.mark.parametrize("tail", [[0, 9], "official"])
@pytest.mark.parametrize("tokens", [None, 128, 384])
def test_batches_stay_within_what_is_tried(tail: Any, tokens: int | None) -> None:
    dataset = made([(2, 30), (7, 1), (1, 90), (12, 40), (3, 20), (4, 5), (9, 60), (1, 1)])
    training = settings(eosTail=tail, tokensPerMicroBatch=tokens)
    documents = Documents.of(dataset, training)
    tried = worst_micro_batch(training, documents, VOCABULARY)
    batches = Batches(dataset, training, TokenIds(mask=98, eos=97, pad=96))
    for step in range(1, 30):
        batch = batches.batch(step)
        assert all(
            documents.shortest <= sample.shape.length <= documents.longest
            for sample in batch.samples
        )
        for micro in batch.micro_batches:
            assert micro.noised_BL.size <= tried.noised_BL.size
            assert micro.plan.masked <= tried.plan.masked
            assert (micro.keep_BL is None) or (tried.keep_BL is not None)


def test_the_tried_row_is_full_and_masks_every_token() -> None:
    training = settings(tokensPerMicroBatch=256)
    row = worst_micro_batch(training, Documents(3, 20, 100), VOCABULARY)
    assert row.lengths is not None and sum(row.lengths) == row.noised_BL.size == 256
    assert row.plan.masked == 256
    # Each document's first token is predicted from its own row, never from the one before.
    starts = np.cumsum([0, *row.lengths[:-1]])
    assert row.plan.rows[starts].tolist() == starts.tolist()
    assert row.positions_BL is not None and int(row.positions_BL.max()) == max(row.lengths) - 1


def test_the_tried_padded_rows_need_a_mask() -> None:
    micro = worst_micro_batch(settings(), Documents(6, 20, 100), VOCABULARY)
    assert micro.noised_BL.shape == (3, 100) and micro.lengths is None
    assert micro.keep_BL is not None and int(micro.keep_BL.sum()) == 299 == micro.plan.masked
