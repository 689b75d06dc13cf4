from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.train.packing import pack, rounded

lengths_and_caps = st.integers(1, 16).flatmap(
    lambda rows: st.tuples(
        st.lists(st.integers(1, 128 * rows), max_size=24), st.just(128 * rows), st.integers(1, 4)
    )
)


def used(lengths: list[int], rows: list[list[int]]) -> list[int]:
    return [sum(lengths[n] for n in row) for row in rows]


@given(lengths_and_caps)
def test_every_document_lies_in_one_row_that_holds_it(case: tuple[list[int], int, int]) -> None:
    lengths, cap, ranks = case
    rows = pack(lengths, cap, ranks)
    assert sorted(n for row in rows for n in row) == list(range(len(lengths)))
    assert all(total <= cap for total in used(lengths, rows))
    assert rows and len(rows) % ranks == 0
    if len(lengths) >= len(rows):
        assert all(rows)


@given(lengths_and_caps)
def test_it_is_deterministic_and_blind_to_names(case: tuple[list[int], int, int]) -> None:
    lengths, cap, ranks = case
    rows = pack(lengths, cap, ranks)
    assert pack(tuple(lengths), cap, ranks) == rows
    totals = used(lengths, rows)
    assert totals == sorted(totals, reverse=True)
    backwards = pack(lengths[::-1], cap, ranks)
    assert len(backwards) == len(rows)


def test_rows_are_chosen_to_end_near_a_multiple_of_128() -> None:
    # Longest first pairs 200 with 70 and 190 with 60: 270 and 250, 640 computed tokens.
    rows = pack([200, 190, 70, 60, 250, 6], 384)
    lengths = [200, 190, 70, 60, 250, 6]
    assert sum(rounded(total) for total in used(lengths, rows)) == rounded(sum(lengths))


def test_rows_are_even_over_ranks() -> None:
    totals = used([1000] * 12, pack([1000] * 12, 8192, 4))
    assert totals == [3000] * 4


def test_fewer_documents_than_ranks_leave_rows_empty() -> None:
    assert pack([5, 9], 128, 4) == [[1], [0], [], []]
    assert pack([], 128) == [[]]


def test_a_document_longer_than_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="129 tokens in rows of 128"):
        pack([3, 129], 128)


@pytest.mark.parametrize(("n", "expected"), [(0, 128), (1, 128), (128, 128), (129, 256)])
def test_rounded(n: int, expected: int) -> None:
    assert rounded(n) == expected
