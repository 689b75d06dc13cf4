"""Gradients are applied when found finite, one part late, in the order in which they came."""

import math

import pytest
import torch
from torch import Tensor

from dream_sft.io.errors import DivergedError
from dream_sft.train.checked_updates import CheckedUpdates, HostNumber


class Applied:
    """Notes what is updated, by name."""

    def __init__(self) -> None:
        self.weights = {name: torch.zeros(2) for name in ("head", "block", "embedding")}
        self.names: list[str] = []
        self.updates = CheckedUpdates(self._update, DivergedError)

    def put(self, name: str, *gradient: float) -> None:
        self.updates.put(f"the {name}", {self.weights[name]: torch.tensor(gradient)})

    def _update(self, weight: Tensor, gradient: Tensor) -> None:
        self.names += [name for name, known in self.weights.items() if known is weight]
        weight -= gradient


def test_a_part_is_applied_when_the_next_has_come_and_the_last_when_settled() -> None:
    applied = Applied()
    applied.put("head", 3.0, 4.0)
    assert applied.names == []
    applied.put("block", 1.0, 1.0)
    assert applied.names == ["head"]
    applied.updates.settle()
    applied.updates.settle()
    assert applied.names == ["head", "block"]
    assert applied.weights["head"].tolist() == [-3.0, -4.0]
    assert math.isclose(applied.updates.squares, 27.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_named_and_never_applied(bad: float) -> None:
    applied = Applied()
    applied.put("head", 1.0, 1.0)
    applied.put("block", bad, 1.0)
    with pytest.raises(DivergedError, match="the gradient of the block is not finite"):
        applied.put("embedding", 1.0, 1.0)
    assert applied.names == ["head"]
    assert applied.weights["block"].tolist() == [0.0, 0.0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_number_is_read_as_it_was_when_it_was_copied() -> None:
    scalar = torch.full((), 7.0, device="cuda", dtype=torch.float64)
    number = HostNumber(scalar)
    scalar += 1
    assert number.read() == 7.0
