"""Gradients summed by compiled code have the bits of those that torch adds."""

from __future__ import annotations

import pytest
import torch

from dream_sft.train.gradient_sums import gradient_adder


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("in_rows", [True, False])
def test_compiled_and_plain_sums_have_the_same_bits(dtype: torch.dtype, in_rows: bool) -> None:
    draw = torch.Generator().manual_seed(1)
    plain, compiled = gradient_adder(), gradient_adder(compiled=True)
    for shape in [(3, 5), (64, 33), (1, 7)]:
        total = torch.randn(shape, generator=draw)
        other = total.clone()
        for _ in range(3):
            gradient = torch.randn(shape, generator=draw).to(dtype)
            if not in_rows:
                gradient = gradient.T.contiguous().T
            plain(total, gradient)
            compiled(other, gradient)
        assert total.dtype == torch.float32
        assert torch.equal(total, other)
