"""Accumulation block by block against plain accumulation with the same clipping rule."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dream_sft.io.errors import DivergedError, ResourceError
from dream_sft.model.saving import save_dream
from dream_sft.model.spoilt import SpoiltModelError, spoilt_by
from dream_sft.model.weights import model_sha256
from dream_sft.train.exact_adamw import ExactAdamW, clip_scale, squared_norm
from dream_sft.train.exact_master import join
from dream_sft.train.fused_backward import FusedMicro
from dream_sft.train.fused_micro import fused_micro
from dream_sft.train.micro_batches import MicroBatch
from tests.model.small import small_dream
from tests.train.fused import (
    Recorder,
    TorchBlocks,
    accumulated,
    fused_over,
    fused_step,
    masked_of,
    packed_micro,
    padded_micro,
)

PADDED = [padded_micro(1), padded_micro(2, rows=1, length=5), padded_micro(3, rows=2, length=12)]
PACKED = [packed_micro(4), packed_micro(5, (3, 9)), packed_micro(6, (20, 2, 6, 4))]
TRAINING: dict[str, Any] = {"betas": [0.9, 0.95], "weightDecay": 0.01, "moments": "bf16"}


@pytest.mark.parametrize("micros", [PADDED, PACKED, PADDED[:1] + PACKED[:1]])
def test_gradients_equal_plain_accumulation_to_round_off(micros: list[MicroBatch]) -> None:
    model = small_dream(layers=3)
    recorder = Recorder()
    result = fused_step(fused_over(model, recorder), model, micros, 0.1)
    loss, gradients = accumulated(model, micros)
    assert set(recorder.gradients) == set(gradients)
    assert all(gradient.any() for gradient in gradients.values())
    for name, gradient in gradients.items():
        assert recorder.gradients[name].dtype == torch.float32
        scale = float(gradient.abs().max())
        torch.testing.assert_close(
            recorder.gradients[name], gradient, rtol=1e-5, atol=2e-6 * scale, msg=name
        )
    assert result.loss == pytest.approx(loss, rel=1e-6)
    assert result.parts_weighted[0] / masked_of(micros) == pytest.approx(loss, rel=1e-6)
    assert result.gradient_norm == pytest.approx(
        math.sqrt(float(squared_norm(gradients.values()))), rel=1e-5
    )


def test_blocks_are_updated_from_the_head_down_and_the_embedding_last() -> None:
    model = small_dream(layers=2)
    recorder = Recorder()
    fused_step(fused_over(model, recorder), model, PADDED, 0.1)
    blocks = [n.split(".")[2] if "layers" in n else n for n in recorder.order]
    assert list(dict.fromkeys(blocks)) == [
        "lm_head.weight", "model.norm.weight", "1", "0", "model.embed_tokens.weight",
    ]  # fmt: skip


def test_steps_equal_plain_accumulation_with_the_previous_norms_clipping() -> None:
    ours, theirs = small_dream(layers=2), small_dream(layers=2)
    blocks, reference = TorchBlocks(ours), TorchBlocks(theirs)
    fused = fused_over(ours, blocks, clip=0.5)
    scales, previous = [], None
    for step in range(4):
        micros = [padded_micro(10 + step), packed_micro(20 + step)]
        result = fused_step(fused, ours, micros, 3e-3, step)
        _, gradients = accumulated(theirs, micros)
        reference.begin(3e-3, 1.0 if previous is None else clip_scale(previous, 0.5))
        for name, gradient in gradients.items():
            reference.update(name, gradient)
        scales.append(reference.scale)
        assert result.scale == pytest.approx(reference.scale, rel=1e-4)
        previous = math.sqrt(float(squared_norm(gradients.values())))
        assert blocks.previous_norm == pytest.approx(previous, rel=1e-4)
    assert scales[0] == 1.0 and all(0 < scale < 1 for scale in scales[1:])
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(weight, theirs.get_parameter(name), rtol=1e-4, atol=2e-5)


def test_micro_batches_without_masked_tokens_change_nothing() -> None:
    model = small_dream()
    empty = padded_micro(7)
    kept = ("rows", "targets", "weights", "parts", "levels")
    plan = replace(
        empty.plan, **{key: getattr(empty.plan, key)[:0] for key in kept}, counts=(0, 0, 0)
    )
    one, two = Recorder(), Recorder()
    fused_step(fused_over(model, one), model, PADDED, 0.1)
    hollow = MicroBatch(empty.noised_BL, empty.keep_BL, plan, [])
    fused_step(fused_over(model, two), model, [PADDED[0], hollow, *PADDED[1:]], 0.1)
    for name, gradient in one.gradients.items():
        assert torch.equal(gradient, two.gradients[name])


def test_a_tried_step_computes_all_blocks_and_changes_nothing() -> None:
    model, recorder = small_dream(layers=2), Recorder()
    before, fused = model_sha256(model), fused_over(model, recorder)
    backward: list[nn.Module] = []

    def run(layer: nn.Module, x_BLD: Tensor, micro: FusedMicro) -> Tensor:
        y_BLD: Tensor = model.run_layer(layer, x_BLD, *micro.context)
        if y_BLD.requires_grad:
            y_BLD.register_hook(lambda _slope: backward.append(layer))
        return y_BLD

    fused._run_layer = run
    share = masked_of(PADDED)
    fused.try_step([fused_micro(model, micro, share) for micro in PADDED])
    first, second = model.model.layers
    assert backward == [second] * 3 + [first] * 3
    assert (recorder.order, recorder.scales, recorder.previous_norm) == ([], [], None)
    assert model_sha256(model) == before and spoilt_by(model) is None
    fused_step(fused, model, PADDED, 0.1)
    untried = Recorder()
    fused_step(fused_over(model, untried), model, PADDED, 0.1)
    for name, gradient in untried.gradients.items():
        assert torch.equal(recorder.gradients[name], gradient)


def test_exact_master_equals_the_same_gradients_applied_at_once() -> None:
    ours, theirs = small_dream().to(torch.bfloat16), small_dream().to(torch.bfloat16)
    exact, reference = ExactAdamW(ours, TRAINING), ExactAdamW(theirs, TRAINING)
    fused = fused_over(ours, exact, clip=0.5)
    for step in range(3):
        micros = [padded_micro(30 + step), packed_micro(40 + step)]
        recorder = Recorder(previous_norm=reference.previous_norm)
        # The reference's gradients come from a whole pass that moves nothing in between.
        fused_step(fused_over(theirs, recorder, clip=0.5), theirs, micros, 1e-3)
        reference.begin(1e-3, recorder.scales[0])
        for name, gradient in recorder.gradients.items():
            reference.update(name, gradient)
        reference.previous_norm = recorder.previous_norm
        fused_step(fused, ours, micros, 1e-3, step)
    assert exact.updates == 3
    for name, tensor in exact.moments().items():
        assert torch.equal(tensor, reference.moments()[name]), name
    for name, weight in ours.named_parameters():
        assert torch.equal(weight, theirs.get_parameter(name)), name
        assert not torch.equal(weight, small_dream().to(torch.bfloat16).get_parameter(name))


def test_in_bf16_gradients_stay_near_float32() -> None:
    wide = small_dream(layers=2).to(torch.bfloat16).float()
    narrow = small_dream(layers=2).to(torch.bfloat16)
    _, gradients = accumulated(wide, PADDED)
    recorder = Recorder()
    fused_step(fused_over(narrow, recorder), narrow, PADDED, 0.1)
    for name, gradient in gradients.items():
        error = (recorder.gradients[name] - gradient).norm() / gradient.norm()
        assert error < 0.05, (name, float(error))


def test_a_resumed_optimizer_clips_by_the_saved_norm() -> None:
    straight, cut = small_dream().to(torch.bfloat16), small_dream().to(torch.bfloat16)
    one, two = ExactAdamW(straight, TRAINING), ExactAdamW(cut, TRAINING)
    for model, optimizer in ((straight, one), (cut, two)):
        fused_step(fused_over(model, optimizer, clip=0.1), model, PADDED, 1e-3)
    saved = {key: value.clone() for key, value in two.moments().items()}
    again = ExactAdamW(cut, TRAINING)
    assert again.restore(saved, 1) == []
    for model, optimizer in ((straight, one), (cut, again)):
        result = fused_step(fused_over(model, optimizer, clip=0.1), model, PACKED, 1e-3)
        assert result.scale < 1
    for name, weight in straight.named_parameters():
        assert torch.equal(
            join(weight.detach(), one.moments()[f"remainder.{name}"]),
            join(cut.get_parameter(name).detach(), again.moments()[f"remainder.{name}"]),
        )


class Failing(Recorder):
    """Raises when block 0 is reached: half of the model has been updated by then."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def update(self, name: str, gradient: Tensor) -> None:
        if "layers.0." in name:
            raise self.error
        super().update(name, gradient)


@pytest.mark.parametrize(
    ("error", "resource"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "gpu-memory"),
        (MemoryError(), "host-memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "host-memory"),
    ],
)
def test_memory_running_out_half_way_ends_with_69_and_spoils_the_model(
    error: Exception, resource: str, tmp_path: Any
) -> None:
    model = small_dream()
    with pytest.raises(ResourceError) as caught:
        fused_step(fused_over(model, Failing(error)), model, PADDED, 0.1)
    assert (caught.value.exit_code, caught.value.resource) == (69, resource)
    assert caught.value.token_budget == 27 // 2
    with pytest.raises(SpoiltModelError, match="half updated"):
        save_dream(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("error", [RuntimeError("a mistake"), KeyboardInterrupt()])
def test_other_errors_keep_their_type_and_spoil_the_model(error: BaseException) -> None:
    model = small_dream()
    with pytest.raises(type(error)):
        fused_step(fused_over(model, Failing(error)), model, PADDED, 0.1)
    assert spoilt_by(model) is not None


@pytest.mark.parametrize(("where", "named"), [(1, "block 1"), (0, "block 0")])
def test_a_gradient_that_is_not_finite_ends_with_66_before_it_is_applied(
    where: int, named: str
) -> None:
    model = small_dream(layers=2)
    recorder = Recorder()
    fused = fused_over(model, recorder)

    def run(layer: nn.Module, x_BLD: Tensor, micro: FusedMicro) -> Tensor:
        y_BLD: Tensor = model.run_layer(layer, x_BLD, *micro.context)
        if layer is model.model.layers[where] and y_BLD.requires_grad:
            y_BLD.register_hook(lambda slope: slope * math.nan)
        return y_BLD

    fused._run_layer = run
    share = masked_of(PADDED)
    with pytest.raises(DivergedError) as caught:
        fused.step([fused_micro(model, micro, share) for micro in PADDED], 0.1, 17)
    assert caught.value.exit_code == 66
    assert "step 17" in caught.value.message and named in caught.value.message
    assert f"{PADDED[0].sample_ids[0]:016x}" in caught.value.message
    assert not any(f"layers.{where}." in name for name in recorder.order)
    assert recorder.previous_norm is None and spoilt_by(model) is not None


def test_a_loss_that_is_not_finite_updates_nothing() -> None:
    model = small_dream()
    with torch.no_grad():
        model.lm_head.weight[3, 3] = math.inf
    recorder = Recorder()
    with pytest.raises(DivergedError, match="step 5: loss"):
        fused_step(fused_over(model, recorder), model, PADDED, 0.1, 5)
    assert recorder.order == [] and recorder.scales == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_on_cuda_spilled_inputs_give_the_gradients_of_the_cpu() -> None:
    model = small_dream(layers=4)
    host = Recorder()
    fused_step(fused_over(model, host), model, PADDED + PACKED, 0.1)
    model.cuda()
    device = Recorder()
    fused = fused_over(model, device)
    for _ in range(3):  # memory is used again
        device.gradients.clear()
        fused_step(fused, model, PADDED + PACKED, 0.1)
    for name, gradient in host.gradients.items():
        scale = float(gradient.abs().max())
        torch.testing.assert_close(
            device.gradients[name].cpu(), gradient, rtol=1e-3, atol=1e-4 * scale
        )
