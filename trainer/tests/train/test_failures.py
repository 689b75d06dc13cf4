"""Each failure of a real trainer process: one clear message, the right exit code, nothing lost."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from dream_sft.commands import train as train_command
from dream_sft.io.errors import DataError, SpecError
from dream_sft.io.spec import load_spec
from dream_sft.train.checkpoint import read_checkpoint
from tests.train.builders import Workshop, run


def test_disk_full_during_a_checkpoint_ends_with_69_and_keeps_earlier_ones(
    begun: Workshop,
) -> None:
    earlier = str(begun.newest())

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    full = run(begun.spec(resumeFrom=earlier), preexec_fn=small_files)
    assert full.code == 69, full.stderr
    told = dict.fromkeys(("device", "tokenBudget", "tokens", "documents"))
    assert full.of("budget") == [{"type": "budget", "resource": "disk", **told}]
    assert full.events[-1]["reason"] == "resources"
    assert "Traceback" not in full.stderr
    checkpoints = Path(earlier).parent
    assert [path.name for path in checkpoints.iterdir()] == ["step-5"]
    assert read_checkpoint(Path(earlier)).state.step == 5


def test_divergence_names_step_and_samples_and_ends_with_66(workshop: Workshop) -> None:
    wild: dict[str, Any] = {"training__learningRate": 1e30, "training__clipNorm": None}
    diverged = run(workshop.spec(**wild))
    assert diverged.code == 66, diverged.stderr
    last = diverged.of("step")[-1]["step"]
    message = diverged.events[-1]["message"]
    assert diverged.events[-1]["reason"] == "diverged"
    assert f"step {last + 1}" in message
    assert any(f"{sample:016x}" in message for sample in range(1000, 1024))


def test_unreadable_base_is_a_weights_error_without_a_stack_trace(workshop: Workshop) -> None:
    weights = workshop.root / "base/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    refused = run(workshop.spec())
    assert refused.code == 65
    assert refused.events[-1]["reason"] == "weights"
    assert "model.safetensors" in refused.events[-1]["mistakes"][0]
    assert "Traceback" not in refused.stderr


def test_data_of_another_tokenizer_are_refused(workshop: Workshop) -> None:
    conversion = workshop.root / "dataset/conversion.json"
    content = json.loads(conversion.read_text())
    content["tokenizer"] |= {"maskId": 5, "eosId": 6}
    conversion.write_text(json.dumps(content))
    with pytest.raises(DataError) as caught:
        train_command.run(load_spec("train", workshop.spec()), lambda _event: None)
    assert len(caught.value.mistakes) == 2


def test_output_may_not_be_the_base(workshop: Workshop) -> None:
    before = (workshop.root / "base/model.safetensors").read_bytes()
    with pytest.raises(SpecError, match="output"):
        train_command.run(load_spec("train", workshop.spec(output="base")), lambda _event: None)
    assert (workshop.root / "base/model.safetensors").read_bytes() == before
