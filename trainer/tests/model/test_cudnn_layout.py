"""What a plan is made for, and how many bytes follow from the lengths of a row's documents.

Shape letters: L positions of the row, H query heads, G key-value heads, K head width.
"""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dream_sft.model.cudnn_layout import (
    PlanKey,
    key_of,
    layout_of,
    plan_for,
    statistics_form,
    statistics_strides,
    table_rows,
)
from dream_sft.model.document_bounds import DocumentBounds, power_of_two

HEADS, KV_HEADS, WIDTH = 28, 4, 128
LENGTHS = st.lists(st.integers(1, 3000), min_size=1, max_size=40)


def empty_row(tokens: int) -> tuple[Tensor, Tensor]:
    return tuple(  # type: ignore[return-value]
        torch.empty(tokens, heads, WIDTH, dtype=torch.bfloat16, device="meta")
        for heads in (HEADS, KV_HEADS)
    )


@given(LENGTHS)
def test_a_plan_takes_the_row_and_plans_are_few(lengths: list[int]) -> None:
    bounds = DocumentBounds.of(lengths, "cpu")
    key = key_of(*empty_row(sum(lengths)), bounds)
    assert len(lengths) <= key.documents < 2 * len(lengths)
    assert max(lengths) <= key.longest <= max(128, 2 * max(lengths) - 1)
    assert sum(lengths) <= key.tokens < sum(lengths) + 4096
    assert key.documents.bit_count() == key.longest.bit_count() == 1


@given(LENGTHS)
def test_the_layout_says_where_each_document_lies(lengths: list[int]) -> None:
    bounds = DocumentBounds.of(lengths, "cpu")
    key = key_of(*empty_row(sum(lengths)), bounds)
    layout = layout_of(key, bounds, torch.device("cpu"))
    assert layout.lengths.flatten().tolist() == lengths + [0] * (key.documents - len(lengths))
    for starts, heads in ((layout.q_starts, HEADS), (layout.kv_starts, KV_HEADS)):
        numbers = starts.flatten().tolist()
        assert [n // (heads * WIDTH) for n in numbers[: len(lengths) + 1]] == (
            bounds.cu_seqlens.tolist()
        )
        assert set(numbers[len(lengths) :]) == {sum(lengths) * heads * WIDTH}
    starts = layout.statistics_starts.flatten().tolist()
    assert starts[: len(lengths) + 1] == [n * HEADS for n in bounds.cu_seqlens.tolist()]


def keys(lengths: list[int]) -> tuple[PlanKey, PlanKey]:
    """With packed statistics and without."""
    key = key_of(*empty_row(sum(lengths)), DocumentBounds.of(lengths, "cpu"))
    return key._replace(packed_statistics=True), key._replace(packed_statistics=False)


@given(LENGTHS)
def test_packed_statistics_hold_the_tokens_and_no_more(lengths: list[int]) -> None:
    packed, _ = keys(lengths)
    size = math.prod(statistics_form(packed, sum(lengths)))
    assert sum(lengths) * HEADS <= size < (sum(lengths) + 64) * HEADS


@given(LENGTHS)
def test_statistics_that_are_not_packed_hold_documents_times_the_longest(
    lengths: list[int],
) -> None:
    _, key = keys(lengths)
    longest = max(power_of_two(max(lengths)), 128)
    wanted = power_of_two(len(lengths)) * HEADS * longest
    assert math.prod(statistics_form(key, sum(lengths))) == wanted


@given(st.lists(st.integers(1, 300), min_size=1, max_size=9))
def test_no_two_numbers_of_statistics_share_a_place(lengths: list[int]) -> None:
    """Start of the document + strides, as cuDNN addresses them; all within the buffer."""
    bounds = DocumentBounds.of(lengths, "cpu")
    for key in keys(lengths):
        layout = layout_of(key, bounds, torch.device("cpu"))
        of_document, of_head, of_token, _ = statistics_strides(key)
        starts = [n * of_document for n in range(key.documents)]
        if key.packed_statistics:
            starts = layout.statistics_starts.flatten().tolist()
        places: set[int] = set()
        for start, length in zip(starts, lengths, strict=False):
            found_LH = torch.arange(length)[:, None] * of_token
            found_LH = start + found_LH + torch.arange(key.heads)[None] * of_head
            places.update(found_LH.flatten().tolist())
        assert len(places) == sum(lengths) * HEADS
        assert min(places) >= 0 and max(places) < math.prod(statistics_form(key, sum(lengths)))


def test_a_plan_takes_as_many_tables_as_it_names() -> None:
    bounds = DocumentBounds.of([5, 7], "cpu")
    for key in keys([5, 7]):
        tables = layout_of(key, bounds, torch.device("cpu")).tables(key)
        assert [len(table) for table in tables] == list(table_rows(key).values())
        assert ("statistics_starts" in table_rows(key)) == key.packed_statistics


@pytest.mark.parametrize(
    ("n", "least", "expected"),
    [(1, 1, 1), (2, 1, 2), (3, 1, 4), (4, 1, 4), (5, 1, 8), (127, 128, 128), (129, 128, 256)],
)
def test_powers_of_two(n: int, least: int, expected: int) -> None:
    assert power_of_two(n, least) == expected


def made_for(documents: int, longest: int, **others: bool | int) -> PlanKey:
    bounds = DocumentBounds.of([1], "cpu")
    key = key_of(*empty_row(4096), bounds)._replace(documents=documents, longest=longest)
    return key._replace(**others)  # type: ignore[arg-type]


def test_a_row_takes_the_narrowest_plan_that_is_there() -> None:
    row = made_for(4, 512)
    known = [made_for(4, 256), made_for(2, 1024), made_for(4, 1024), made_for(8, 512)]
    assert plan_for(known[:2], row) is None
    assert plan_for(known, row) == made_for(4, 1024)
    assert plan_for([*known, row], row) == row
    # Four times as many blocks are too many, and other rows' buffers no good.
    assert plan_for([made_for(8, 1024)], row) is None
    assert plan_for([made_for(8, 512, tokens=8192), made_for(8, 512, heads=14)], row) is None


def test_where_bits_count_a_row_takes_its_own_plan_alone() -> None:
    row, wider = (made_for(n, 512, deterministic=True) for n in (4, 8))
    assert plan_for([wider], row) is None
    assert plan_for([wider, row], row) == row


@given(LENGTHS, st.sampled_from([(2, 1), (1, 2)]))
def test_a_wider_plan_lays_the_same_documents_out(
    lengths: list[int], wider: tuple[int, int]
) -> None:
    bounds = DocumentBounds.of(lengths, "cpu")
    row = key_of(*empty_row(sum(lengths)), bounds)
    plan = row._replace(documents=row.documents * wider[0], longest=row.longest * wider[1])
    assert plan_for([plan], row) == plan
    own, other = (layout_of(key, bounds, torch.device("cpu")) for key in (row, plan))
    for mine, theirs in zip(own.tables(row), other.tables(plan), strict=True):
        assert torch.equal(theirs[: len(mine)], mine)
    assert not other.lengths[row.documents :].any()
