"""Real trainer processes with an exact master: resume is bit-identical, with bf16 moments too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from dream_sft.train.exact_adamw import PREVIOUS_NORM
from dream_sft.train.exact_master import join
from tests.train.builders import Workshop, run

SETTINGS: dict[str, Any] = {
    "training__basePrecision": "bf16",
    "training__precision": "bf16",
    "training__moments": "bf16",
    "training__learningRate": 1e-3,
    "training__clipNorm": 0.05,
    "training__steps": 8,
    "checkpoints__everySteps": 4,
}


@pytest.mark.parametrize(("mode", "packed"), [("kept", None), ("fused", 128)])
def test_a_resumed_run_ends_with_the_bits_of_a_straight_one(
    workshop: Workshop, mode: str, packed: int | None
) -> None:
    settings = {**SETTINGS, "training__fullMode": mode}
    if packed is not None:
        settings["training__tokensPerMicroBatch"] = packed
    straight = run(workshop.spec("straight", **settings))
    assert straight.code == 0, straight.stderr
    resumed = run(workshop.spec("cut", **settings, resumeFrom="straight/checkpoints/step-4"))
    assert resumed.code == 0, resumed.stderr
    assert resumed.of("resumed_inexactly") == []
    assert [event["step"] for event in resumed.of("step")] == [5, 6, 7, 8]
    for key in ("weightsSha256", "orderHash", "finalLoss"):
        assert resumed.metrics[key] == straight.metrics[key]
    assert resumed.of("step")[-1]["gradientNorm"] == straight.of("step")[-1]["gradientNorm"]


def test_a_fused_checkpoint_holds_weights_remainders_moments_and_the_norm(
    workshop: Workshop,
) -> None:
    finished = run(workshop.spec(**SETTINGS, training__fullMode="fused", stopAfterSteps=5))
    assert finished.code == 0, finished.stderr
    folder = workshop.root / "run/checkpoints/step-4"
    weights = load_file(folder / "model/model.safetensors")
    state: dict[str, torch.Tensor] = {}
    for path in folder.glob("optimizer*.safetensors"):
        state |= load_file(path)
    assert {weight.dtype for weight in weights.values()} == {torch.bfloat16}
    names = [f"{kind}.{n}" for kind in ("remainder", "exp_avg", "exp_avg_sq") for n in weights]
    assert set(state) == {*names, PREVIOUS_NORM}
    steps = {event["step"]: event for event in finished.of("step")}
    assert float(state[PREVIOUS_NORM]) == steps[4]["gradientNorm"]
    # The master has moved from the float32 base, and not by whole bf16 steps only.
    base = load_file(workshop.root / "base/model.safetensors")
    for name in ("lm_head.weight", "model.layers.0.mlp.up_proj.weight"):
        master = join(weights[name], state[f"remainder.{name}"])
        assert 0 < float((master - base[name]).abs().max()) < 0.02
    listed = json.loads((folder / "trainer_state.json").read_text())["files"]
    assert {entry["path"] for entry in listed} == {
        p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file()
    } - {"trainer_state.json"}
