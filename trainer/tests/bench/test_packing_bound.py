from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packing import least

from dream_sft.train.packing import pack, rounded


@given(st.lists(st.integers(1, 512), min_size=1, max_size=20))
def test_no_packing_computes_less(lengths: list[int]) -> None:
    rows = pack(lengths, 512)
    computed = sum(rounded(sum(lengths[n] for n in row)) for row in rows)
    assert sum(lengths) <= least(lengths, 512) <= computed


def test_a_document_that_none_fits_beside_is_rounded_alone() -> None:
    assert least([500, 500, 20], 512) == 512 + 512 + 128
    assert least([250, 250, 20], 512) == 640
    assert least([5], 128) == 128
