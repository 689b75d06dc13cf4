"""Checkpoints copied to the host and checkpoints written from the device are the same files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from dream_sft.data.dataset import load_dataset
from dream_sft.io.errors import ResourceError
from dream_sft.io.events import Event
from dream_sft.io.spec import load_spec
from dream_sft.train import capture, host_copies
from dream_sft.train.assemble import assemble
from dream_sft.train.checkpoint import read_checkpoint
from dream_sft.train.host_arena import HostArena
from dream_sft.train.loop import Run, train
from dream_sft.train.methods.open import open_method
from tests.train.builders import Workshop

EXACT = {"basePrecision": "bf16", "precision": "bf16", "moments": "bf16"}
METHODS: dict[str, dict[str, Any]] = {
    "plain": {},
    "lora": {"method": "lora", "lora": {"rank": 4, "alpha": 8}},
    "kept": {"fullMode": "kept", **EXACT},
    "fused": {"fullMode": "fused", **EXACT},
}


def trained(workshop: Workshop, name: str, changes: dict[str, Any]) -> tuple[Run, list[Event]]:
    """Four steps in this process, a checkpoint after the second."""
    training = {f"training__{key}": value for key, value in changes.items()}
    file = workshop.spec(name, training__steps=4, checkpoints__everySteps=2, **training)
    spec = load_spec("train", file)
    events: list[Event] = []
    method = open_method(spec, torch.device("cpu"), None)
    made = assemble(spec, events.append, load_dataset(spec["dataset"]), method, None)
    assert train(made)
    made.metrics.close()
    made.batches.close()
    return made, events


@pytest.mark.parametrize("name", METHODS)
def test_both_ways_write_the_same_bytes(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    copied, of_copied = trained(workshop, "copied", METHODS[name])
    assert not copied.capture.direct
    for module in (capture, host_copies):
        monkeypatch.setattr(module, "available_host_bytes", lambda: 1000)
    with caplog.at_level(logging.WARNING):
        direct, of_direct = trained(workshop, "direct", METHODS[name])
    assert direct.capture.direct and "training will wait" in caplog.text
    found, wanted = (
        next(event for event in events if event["type"] == "checkpoint-ready")
        for events in (of_direct, of_copied)
    )
    same = [entry for entry in wanted["files"] if _of_tensors(entry["path"])]
    assert len(same) >= 2
    assert [entry for entry in found["files"] if _of_tensors(entry["path"])] == same
    assert read_checkpoint(Path(found["folder"])).state.step == 2
    # The stall is that of writing, and told.
    assert 0 < found["stallSeconds"] <= found["seconds"]
    assert sorted(p.name for p in Path(found["folder"]).parent.iterdir()) == ["step-2"]


def _of_tensors(path: str) -> bool:
    return path.endswith(".safetensors")


def test_what_a_checkpoint_takes_is_known_before_the_first_update(workshop: Workshop) -> None:
    for name, changes in METHODS.items():
        spec = load_spec(
            "train",
            workshop.spec(name, **{f"training__{key}": value for key, value in changes.items()}),
        )
        foretold = open_method(spec, torch.device("cpu"), None).checkpoint_bytes()
        made, _ = trained(workshop, f"{name}-run", changes)
        moments = dict(made.method.moments())
        moments.pop("clip.previous_norm", None)
        live = [*made.method.weights().values(), *moments.values()]
        assert foretold == sum(tensor.nbytes for tensor in live), name


def test_pinning_that_is_refused_makes_training_wait_instead_of_ending_it(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = trained(workshop, "run", {})

    def refuse(arena: HostArena, size: int) -> None:
        raise ResourceError("no host memory for a copy of the checkpoint", "host-memory")

    monkeypatch.setattr(HostArena, "reserve", refuse)
    made.capture._pins = True
    made.capture.prepare()
    assert made.capture.direct and made.capture._copies._arena.nbytes == 0


def test_a_failed_writing_leaves_nothing(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = trained(workshop, "run", {})
    made.capture.direct = True

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(made.method, "write", full)
    with pytest.raises(OSError, match="No space"):
        made.capture.take(9)
    assert sorted(p.name for p in (workshop.root / "run/checkpoints").iterdir()) == ["step-2"]
