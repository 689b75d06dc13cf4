from __future__ import annotations

import torch
from torch import Tensor

from dream_sft.train.apart import compute_apart


def living_node(weight: Tensor) -> object:
    """The weight's AccumulateGrad node: the one of a living graph, else a new one."""
    return weight.view_as(weight).grad_fn.next_functions[0][0]  # type: ignore[union-attr]


def test_same_result_and_gradients() -> None:
    weight = torch.randn(4, 3, requires_grad=True)
    x = torch.randn(5, 4)
    wanted = (x @ weight).tanh()
    (gradient,) = torch.autograd.grad(wanted.square().sum(), weight)
    anchor = torch.zeros((), requires_grad=True)
    found = compute_apart(anchor, lambda: (x @ weight).tanh())
    assert torch.equal(found, wanted)
    found.square().sum().backward()  # type: ignore[no-untyped-call]
    assert torch.equal(weight.grad, gradient)  # type: ignore[arg-type]


def test_the_graph_is_gone_after_its_backward_pass() -> None:
    """Though the result is still held, as a loop's variable holds it."""

    def kept(apart: bool) -> bool:
        weight, anchor = (torch.ones(3, requires_grad=True) for _ in range(2))
        held = compute_apart(anchor, lambda: weight * 2) if apart else weight * 2
        living_node(weight).metadata["seen"] = True  # type: ignore[attr-defined]
        held.sum().backward()  # type: ignore[no-untyped-call]
        return "seen" in living_node(weight).metadata  # type: ignore[attr-defined]

    assert kept(apart=False)
    assert not kept(apart=True)
