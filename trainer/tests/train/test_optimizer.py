from __future__ import annotations

import torch
from torch import nn

from dream_sft.train.optimizer import AdamW

TRAINING = {"betas": [0.9, 0.95], "weightDecay": 0.1, "learningRate": 0.02}


def small(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def gradients(model: nn.Module, seed: int) -> None:
    inputs = torch.randn(4, 3, generator=torch.Generator().manual_seed(seed))
    for weight in model.parameters():
        weight.grad = None
    model(inputs).square().sum().backward()


def test_equals_torch_bit_for_bit_over_several_steps() -> None:
    ours, theirs = small(), small()
    optimizer = AdamW(ours, TRAINING)
    groups = [
        {"params": [w for w in theirs.parameters() if w.dim() == 2], "weight_decay": 0.1},
        {"params": [w for w in theirs.parameters() if w.dim() == 1], "weight_decay": 0.0},
    ]
    reference = torch.optim.AdamW(groups, lr=0.02, betas=(0.9, 0.95), fused=True)
    for step in range(5):
        gradients(ours, step)
        gradients(theirs, step)
        optimizer.step(0.02)
        reference.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other)
    assert not torch.equal(next(ours.parameters()), next(small().parameters()))


def test_restored_moments_continue_bit_for_bit() -> None:
    straight, cut = small(), small()
    one, two = AdamW(straight, TRAINING), AdamW(cut, TRAINING)
    for step in range(3):
        gradients(straight, step)
        gradients(cut, step)
        one.step(0.02)
        two.step(0.02)
    again = AdamW(cut, TRAINING)
    assert again.restore({k: v.clone() for k, v in two.moments().items()}, two.updates) == []
    for model, optimizer in ((straight, one), (cut, again)):
        gradients(model, 9)
        optimizer.step(0.01)
    for mine, other in zip(straight.parameters(), cut.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_restore_names_everything_that_does_not_fit() -> None:
    optimizer = AdamW(small(), TRAINING)
    moments = {
        f"{moment}.{name}": torch.zeros_like(weight)
        for name, weight in small().named_parameters()
        for moment in ("exp_avg", "exp_avg_sq")
    }
    del moments["exp_avg.0.bias"]
    moments["exp_avg.9.bias"] = torch.zeros(1)
    moments["exp_avg_sq.2.weight"] = torch.zeros(7)
    mistakes = optimizer.restore(moments, 3)
    assert len(mistakes) == 3
    assert optimizer.moments() == {} and optimizer.updates == 0


def test_state_is_held_before_the_first_update_and_told_after_it() -> None:
    model = small()
    optimizer = AdamW(model, TRAINING)
    parameters = sum(weight.numel() for weight in model.parameters())
    assert optimizer.moments() == {} and optimizer.state_bytes == 8 * parameters
    gradients(model, 0)
    optimizer.step(0.02)
    assert sum(moment.nbytes for moment in optimizer.moments().values()) == 8 * parameters


def test_fixed_gradients_stay_the_same_tensors_and_change_no_bit() -> None:
    free, fixed = small(), small()
    one, two = AdamW(free, TRAINING), AdamW(fixed, TRAINING)
    two.fix_gradients()
    places = [weight.grad for weight in fixed.parameters()]
    for step in range(3):
        for model, optimizer in ((free, one), (fixed, two)):
            optimizer.zero_grad()
            inputs = torch.randn(4, 3, generator=torch.Generator().manual_seed(step))
            model(inputs).square().sum().backward()
            optimizer.step(0.02)
    assert all(w.grad is place for w, place in zip(fixed.parameters(), places, strict=True))
    two.zero_grad()
    assert not any(place.any() for place in places if place is not None)
    for mine, other in zip(free.parameters(), fixed.parameters(), strict=True):
        assert torch.equal(mine, other)
