"""The proof that training in 16 + 16 bits is training in float32."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dream_sft.train.exact_adamw import (
    PREVIOUS_NORM,
    ExactAdamW,
    clip_scale,
    squared_norm,
)
from dream_sft.train.exact_master import join, split

TRAINING: dict[str, Any] = {"betas": [0.9, 0.95], "weightDecay": 0.1, "moments": "bf16"}


def small(seed: int = 0, dtype: torch.dtype = torch.bfloat16) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(13, 7), nn.Tanh(), nn.Linear(7, 3)).to(dtype)


def draw_gradients(model: nn.Module, seed: int, dtype: torch.dtype = torch.bfloat16) -> None:
    random = torch.Generator().manual_seed(seed)
    for weight in model.parameters():
        noise = torch.randn(weight.shape, generator=random) * 0.02
        weight.grad = noise.to(torch.bfloat16).to(dtype)


def masters(model: nn.Module, optimizer: ExactAdamW) -> dict[str, Tensor]:
    state = optimizer.moments()
    return {n: join(w.detach(), state[f"remainder.{n}"]) for n, w in model.named_parameters()}


class Reference:
    """torch's own AdamW in float32, its moments rounded to bf16 after every update."""

    def __init__(self, model: nn.Module, *, rounded: bool) -> None:
        matrices = [w for w in model.parameters() if w.dim() == 2]
        others = [w for w in model.parameters() if w.dim() == 1]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0}]
        self.torch = torch.optim.AdamW(groups, betas=(0.9, 0.95), fused=False, foreach=False)
        self.rounded = rounded

    def step(self, rate: float) -> None:
        for group in self.torch.param_groups:
            group["lr"] = rate
        self.torch.step()
        if self.rounded:
            for state in self.torch.state.values():
                for key in ("exp_avg", "exp_avg_sq"):
                    state[key].copy_(state[key].to(torch.bfloat16))


@pytest.mark.parametrize("piece", [1, 16, 1 << 22])
def test_equals_float32_adamw_with_the_same_bf16_rounded_moments(piece: int) -> None:
    ours, theirs = small(), small().float()
    exact, reference = ExactAdamW(ours, TRAINING, piece=piece), Reference(theirs, rounded=True)
    for step in range(20):
        draw_gradients(ours, step)
        draw_gradients(theirs, step, torch.float32)
        rate = 2e-6 * (1 + step)
        exact.step(rate)
        reference.step(rate)
    for name, master in masters(ours, exact).items():
        assert torch.equal(master, theirs.get_parameter(name)), name
        # The model computes with exactly the rounded master.
        assert torch.equal(ours.get_parameter(name), split(master)[0])


def test_float32_moments_equal_float32_adamw_bit_for_bit() -> None:
    ours, theirs = small(), small().float()
    training = {**TRAINING, "moments": "fp32"}
    exact, reference = ExactAdamW(ours, training), Reference(theirs, rounded=False)
    for step in range(20):
        draw_gradients(ours, step)
        draw_gradients(theirs, step, torch.float32)
        exact.step(1e-3)
        reference.step(1e-3)
    for name, master in masters(ours, exact).items():
        assert torch.equal(master, theirs.get_parameter(name)), name


def test_bf16_moments_stay_near_float32_moments() -> None:
    """Deviation of the whole movement after 200 steps of one noisy direction; printed."""
    weights, steps = 512, 200
    moved = {}
    for moments in ("fp32", "bf16"):
        model = nn.Linear(weights, 1, bias=False)
        nn.init.constant_(model.weight, 0.02)
        model.to(torch.bfloat16)
        exact = ExactAdamW(model, {**TRAINING, "weightDecay": 0.0, "moments": moments})
        begin = masters(model, exact)["weight"]
        direction = torch.randn(1, weights, generator=torch.Generator().manual_seed(99))
        for step in range(steps):
            random = torch.Generator().manual_seed(step)
            noise = torch.randn(1, weights, generator=random)
            model.weight.grad = (0.01 * (direction + noise)).to(torch.bfloat16)
            exact.step(2e-6)
        moved[moments] = masters(model, exact)["weight"] - begin
    error = (moved["bf16"] - moved["fp32"]).norm() / moved["fp32"].norm()
    print(f"bf16 against float32 moments: relative deviation of the movement {float(error):.2e}")
    assert 0 < error < 0.02


def test_updates_far_below_a_bf16_step_are_not_lost() -> None:
    model = nn.Linear(256, 4, bias=False).to(torch.bfloat16)
    nn.init.constant_(model.weight, 1.0)  # a bf16 step here is 2^-7, an update about 2e-6
    exact = ExactAdamW(model, {**TRAINING, "weightDecay": 0.0})
    for _ in range(100):
        model.weight.grad = torch.ones_like(model.weight)
        exact.step(2e-6)
    assert torch.equal(model.weight, torch.ones_like(model.weight))
    torch.testing.assert_close(
        masters(model, exact)["weight"], torch.full((4, 256), 1 - 2e-4), rtol=0, atol=1e-5
    )


def test_clipping_by_scale_equals_scaled_gradients_and_the_norm_is_exact() -> None:
    clipped, plain = small(), small()
    one, two = ExactAdamW(clipped, TRAINING), ExactAdamW(plain, TRAINING)
    draw_gradients(clipped, 5)
    draw_gradients(plain, 5)
    norm = one.gradient_norm()
    every = torch.cat([w.grad.double().reshape(-1) for w in clipped.parameters()])  # type: ignore[union-attr]
    assert norm == pytest.approx(float(every.norm()), rel=1e-14)
    scale = 0.25  # exact in bf16, so that scaling outside loses nothing either
    for weight in plain.parameters():
        assert weight.grad is not None
        weight.grad *= scale
    one.step(1e-2, scale)
    two.step(1e-2)
    for mine, other in zip(clipped.parameters(), plain.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_clip_scale_is_the_factor_of_torch() -> None:
    for norm in (0.1, 1.0, 7.5):
        weight = nn.Parameter(torch.zeros(1))
        weight.grad = torch.tensor([norm])
        torch.nn.utils.clip_grad_norm_([weight], 1.0)
        assert float(weight.grad) == pytest.approx(norm * clip_scale(norm, 1.0), rel=1e-6)
    assert clip_scale(100.0, None) == 1.0


def test_restored_state_continues_bit_for_bit() -> None:
    straight, cut = small(), small()
    one, two = ExactAdamW(straight, TRAINING), ExactAdamW(cut, TRAINING)
    for step in range(3):
        draw_gradients(straight, step)
        draw_gradients(cut, step)
        one.step(1e-3)
        two.step(1e-3)
    two.previous_norm = 0.1 + 0.2
    saved = {key: value.clone() for key, value in two.moments().items()}
    assert saved[PREVIOUS_NORM].dtype == torch.float64
    again = ExactAdamW(cut, TRAINING)
    assert again.restore(saved, two.updates) == []
    assert again.previous_norm == 0.1 + 0.2
    for model, optimizer in ((straight, one), (cut, again)):
        draw_gradients(model, 9)
        optimizer.step(1e-3)
    for name, master in masters(straight, one).items():
        assert torch.equal(master, masters(cut, again)[name])


def test_remainders_of_float32_weights_are_taken_over_and_restored_before_any_update() -> None:
    wide = small(dtype=torch.float32)
    pairs = {name: split(weight.detach()) for name, weight in wide.named_parameters()}
    model = small()
    for name, weight in model.named_parameters():
        weight.data = pairs[name][0]
    exact = ExactAdamW(model, TRAINING, {name: pair[1] for name, pair in pairs.items()})
    for name, master in masters(model, exact).items():
        assert torch.equal(master, wide.get_parameter(name))
    again = ExactAdamW(model, TRAINING)
    assert again.restore(exact.moments(), 0) == []
    for name, master in masters(model, again).items():
        assert torch.equal(master, wide.get_parameter(name))


def test_restore_names_everything_that_does_not_fit_and_changes_nothing() -> None:
    source = ExactAdamW(small(), TRAINING)
    source.begin(1e-3)
    state = source.moments()
    del state["exp_avg.0.bias"]
    state["exp_avg.9.bias"] = torch.zeros(1)
    target = ExactAdamW(small(), TRAINING)
    assert target.restore(state, 1) == [
        "exp_avg.0.bias is missing",
        "exp_avg.9.bias belongs to no weight of the model",
    ]
    state = source.moments()
    state["exp_avg.0.bias"] = torch.zeros(9, dtype=torch.bfloat16)
    state["remainder.2.bias"] = torch.ones(3, dtype=torch.int32)
    assert target.restore(state, 1) == [
        "remainder.2.bias is int32 [3], expected int16 [3]",
        "exp_avg.0.bias is bfloat16 [9], expected bfloat16 [7]",
    ]
    assert target.updates == 0 and len(target.moments()) == 4


@pytest.mark.parametrize(("moments", "each"), [("bf16", 2), ("fp32", 4)])
def test_state_is_held_before_the_first_update(moments: str, each: int) -> None:
    model = small()
    optimizer = ExactAdamW(model, {**TRAINING, "moments": moments})
    parameters = sum(weight.numel() for weight in model.parameters())
    assert optimizer.state_bytes == (2 + 2 * each) * parameters
    draw_gradients(model, 0)
    optimizer.step(1e-3)
    assert sum(held.nbytes for held in optimizer.moments().values()) == optimizer.state_bytes


def test_what_cannot_work_is_refused() -> None:
    with pytest.raises(ValueError, match="bf16 weights"):
        ExactAdamW(small(dtype=torch.float32), TRAINING)
    with pytest.raises(ValueError, match=r"betas\[1\] <= 0.95"):
        ExactAdamW(small(), {**TRAINING, "betas": [0.9, 0.99]})


def test_squared_norm_sees_what_is_not_finite() -> None:
    assert float(squared_norm([])) == 0
    assert not torch.isfinite(squared_norm([torch.ones(5), torch.tensor([torch.inf])]))
    assert torch.isnan(squared_norm([torch.tensor([torch.nan], dtype=torch.bfloat16)]))
    # A single bf16 entry whose square is beyond float32.
    assert float(squared_norm([torch.tensor([3e38])])) > 3.4e38
