from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dream_sft.model.attention import attend
from dream_sft.model.used_lengths import (
    KERNELS,
    UsedLengths,
    attend_used,
    choose_used_kernel,
)


def made(rows: int, queries: int, keys: int, groups: int, shared: int) -> list[Tensor]:
    draw = torch.Generator().manual_seed(rows * 100 + queries * 10 + keys)
    forms = [(rows, queries, groups * shared, 8), *[(rows, keys, groups, 8)] * 2]
    return [torch.randn(form, generator=draw) for form in forms]


@settings(max_examples=30, deadline=None)
@given(
    used=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    queries=st.integers(1, 5),
    groups=st.integers(1, 3),
    shared=st.integers(1, 3),
)
def test_rows_attend_their_used_keys_alone(
    used: list[int], queries: int, groups: int, shared: int
) -> None:
    q, k, v = made(len(used), queries, 9, groups, shared)
    for row, length in enumerate(used):  # what is not used must not matter
        k[row, length:], v[row, length:] = 1e4, -1e4
    lengths = UsedLengths(torch.tensor(used, dtype=torch.int32), 9)
    out = attend_used(q, k, v, lengths, "sdpa-folded")
    torch.testing.assert_close(attend_used(q, k, v, lengths, "sdpa"), out)
    for row, length in enumerate(used):
        alone = (q[row : row + 1], k[row : row + 1, :length], v[row : row + 1, :length])
        torch.testing.assert_close(out[row : row + 1], attend(*alone, None))


def test_tables_skip_unused_keys() -> None:
    lengths = UsedLengths(torch.tensor([2, 5], dtype=torch.int32), 5)
    assert lengths.starts(3).tolist() == [0, 3, 6]
    cu_q, cu_k = lengths.with_gaps(3)
    assert cu_q.tolist() == [0, 3, 3, 6, 6]
    assert cu_k.tolist() == [0, 2, 5, 10, 10]


def test_the_cpu_takes_sdpa() -> None:
    assert choose_used_kernel(torch.device("cpu"), torch.bfloat16) == "sdpa-folded"
    assert choose_used_kernel(torch.device("cuda"), torch.float32) == "sdpa-folded"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("name", [n + how for n in sorted(KERNELS) for how in ("", "-folded")])
def test_kernels_agree_on_a_gpu(name: str) -> None:
    q, k, v = (x.cuda().bfloat16() for x in made(3, 5, 64, 2, 7))
    used = UsedLengths(torch.tensor([64, 1, 33], dtype=torch.int32, device="cuda"), 64)
    k[1, 1:] = v[1, 1:] = 1e4
    wide = attend_used(q.float(), k.float(), v.float(), used, "sdpa")
    torch.testing.assert_close(attend_used(q, k, v, used, name).float(), wide, atol=2e-2, rtol=2e-2)
