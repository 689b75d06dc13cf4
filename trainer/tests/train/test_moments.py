from __future__ import annotations

import pytest
import torch

from dream_sft.io.errors import ResourceError
from dream_sft.train.moments import new_moments


def test_two_moments_of_each_weight_in_its_dtype_or_another() -> None:
    weights = {"a": torch.ones(2, 3), "b": torch.ones(4, dtype=torch.float64)}
    moments = new_moments(weights)
    assert list(moments) == ["exp_avg.a", "exp_avg_sq.a", "exp_avg.b", "exp_avg_sq.b"]
    assert all(torch.equal(m, torch.zeros_like(weights[k[-1]])) for k, m in moments.items())
    assert {m.dtype for m in new_moments(weights, torch.bfloat16).values()} == {torch.bfloat16}


def test_moments_that_do_not_fit_end_with_69_and_no_token_budget() -> None:
    huge = torch.ones(1).expand(1 << 50)
    with pytest.raises(ResourceError, match="moments") as caught:
        new_moments({"huge": huge})
    assert (caught.value.resource, caught.value.token_budget) == ("host-memory", None)
