from __future__ import annotations

import pytest
import torch

from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.train.recompute import recompute_layers
from tests.model.small import small_dream


def gradients(share: float) -> tuple[list[torch.Tensor], list[int]]:
    """Of all weights, and how often each layer ran."""
    model = small_dream()
    runs = [0] * len(model.layers())
    for number, layer in enumerate(model.layers()):
        layer.register_forward_hook(lambda *_words, n=number: runs.__setitem__(n, runs[n] + 1))
    recompute_layers(model, share)
    ids_BL = torch.arange(24)[None] % 20
    bounds = DocumentBounds.of([5, 16, 3], "cpu")
    model.hidden(ids_BL, bounds=bounds).square().sum().backward()
    found = [weight.grad for weight in model.model.parameters() if weight.grad is not None]
    return found, runs


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_the_gradient_is_the_same_and_layers_run_twice(share: float) -> None:
    wanted, once = gradients(0.0)
    found, runs = gradients(share)
    assert set(once) == {1}
    again = sum(count - 1 for count in runs)
    assert again == -(-share * len(runs) // 1)
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        assert torch.equal(ours, theirs)


def test_nothing_runs_twice_without_gradient() -> None:
    model = small_dream()
    recompute_layers(model, 1.0)
    with torch.no_grad():
        assert not model.hidden(torch.arange(8)[None]).requires_grad
