from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from dream_sft.io.errors import ResourceError
from dream_sft.io.events import Event, check
from dream_sft.model.network import Dream
from dream_sft.model.weights import load_dream
from dream_sft.train import checkpointer as module
from dream_sft.train.checkpoint import Snapshot, read_checkpoint, write_checkpoint
from dream_sft.train.checkpointer import PUBLISHING, Checkpointer, Told, read_told
from dream_sft.train.host_copies import HostCopies
from dream_sft.train.methods.plain import PlainFineTuning
from dream_sft.train.rotation import prune
from dream_sft.train.state import Identity, Marks, TrainState, state_to_json


def plain(parts: Path, model: Dream) -> PlainFineTuning:
    training = {"betas": [0.9, 0.95], "weightDecay": 0.0, "clipNorm": 1.0, "precision": "fp32"}
    return PlainFineTuning(model, {**training, "normalise": "global"}, parts / "base")


class Stage:
    """A checkpointer on a small model, and the events it emits."""

    def __init__(self, parts: Path, folder: Path, **settings: Any) -> None:
        self.folder, self.events = folder, list[Event]()
        self.model = load_dream(parts / "base")
        self.metrics = folder.parent / "metrics.jsonl"
        self.metrics.write_text('{"step":1}\n{"step":2}\n')
        spec = {"folder": str(folder), "keep": None, **settings}
        self.method = plain(parts, self.model)
        self.keeper = Checkpointer(spec, self.method.write, self.events.append)
        self.keeper.prepare(0)

    def snapshot(self, step: int) -> Snapshot:
        state, identity = TrainState(step=step), Identity({"a": 1})
        return Snapshot(
            step=step,
            weights=HostCopies[str](torch.device("cpu")).take(self.method.weights()),
            moments={},
            metrics_file=self.metrics,
            metrics_bytes=11,
            state_json=lambda files: state_to_json(state, identity, {"threads": "1"}, files),
        )

    def take(self, step: int) -> None:
        self.keeper.take(lambda: self.snapshot(step))


def test_a_checkpoint_reads_back_as_it_was_taken(parts: Path, tmp_path: Path) -> None:
    stage = Stage(parts, tmp_path / "staging", everySteps=5)
    stage.take(5)
    with_changes = next(stage.model.parameters())
    stage.keeper.finish()
    with_changes.data.zero_()
    found = read_checkpoint(tmp_path / "staging/step-5")
    assert (found.state.step, found.settings, found.records) == (5, {"a": 1}, '{"step":1}\n')
    assert stage.events[0]["folder"] == str(found.folder)
    assert {e["path"] for e in stage.events[0]["files"]} >= {
        "model/model.safetensors",
        "metrics.jsonl",
        "optimizer.safetensors",
        "trainer_state.json",
    }


def test_due_by_steps_also_when_the_mark_was_passed_while_busy(parts: Path, tmp_path: Path) -> None:
    keeper = Stage(parts, tmp_path / "staging", everySteps=5).keeper
    keeper.prepare(3)
    assert [step for step in range(4, 12) if keeper.due(step)] == [5, 6, 7, 8, 9, 10, 11]
    keeper.prepare(7)
    assert [step for step in range(8, 12) if keeper.due(step)] == [10, 11]


class Clock:
    """Seconds as the test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("interval", [{"everySteps": 5}, {"everySeconds": 10.0}])
def test_never_sooner_than_publishing_took(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interval: dict[str, Any]
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    stage = Stage(parts, tmp_path / "staging", **interval)
    keeper, told = stage.keeper, tmp_path / "staging" / PUBLISHING

    def due_at(step: int, seconds: float) -> bool:
        clock.now = 1000.0 + seconds
        return keeper.due(step)

    assert due_at(5, 10)
    told.write_text('{"seconds": 12.5}')
    assert not due_at(5, 10) and not due_at(6, 12.4) and due_at(7, 12.5)
    stage.take(7)
    keeper.finish()
    assert not due_at(14, 24.9) and due_at(15, 25)
    told.write_text('{"seconds": 0.5}')
    assert due_at(14, 24.9) and not due_at(9, 13)


def test_a_told_interval_counts_at_the_next_step_and_a_fixed_one_stays(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    tuned = Stage(parts, tmp_path / "tuned", everySeconds=60.0).keeper
    fixed = Stage(parts, tmp_path / "fixed", everySteps=5).keeper

    def tell(text: str) -> None:
        for name in ("tuned", "fixed"):
            (tmp_path / name / PUBLISHING).write_text(text)

    def due_at(step: int, seconds: float) -> tuple[bool, bool]:
        clock.now = 1000.0 + seconds
        return tuned.due(step), fixed.due(step)

    assert due_at(4, 59.9) == (False, False) and due_at(5, 60) == (True, True)
    tell('{"seconds": 2, "everySeconds": 20}')
    assert due_at(4, 20) == (True, False) and due_at(5, 19.9) == (False, True)
    # Publishing became slower than the interval: none is due before it would have ended.
    tell('{"seconds": 90, "everySeconds": 20}')
    assert due_at(5, 89.9) == (False, False) and due_at(5, 90) == (True, True)
    tell('{"seconds": 2, "everySeconds": 300}')
    assert due_at(4, 299) == (False, False) and due_at(4, 300) == (True, False)
    # What makes no sense leaves the interval of the spec.
    for value in ("0", "-1", "NaN", "Infinity", "null", "true", '"20"', "[]"):
        tell(f'{{"seconds": 2, "everySeconds": {value}}}')
        assert due_at(4, 59.9) == (False, False) and due_at(4, 60) == (True, False), value


def test_a_file_that_tells_no_time_changes_nothing(parts: Path, tmp_path: Path) -> None:
    assert read_told(tmp_path / "missing") == Told(0.0, None)
    keeper = Stage(parts, tmp_path / "staging", everySteps=1).keeper
    told = tmp_path / "staging" / PUBLISHING
    for text in ("", "{", "[]", "{}", '{"seconds": null}', '{"seconds": -3}', '{"seconds": NaN}'):
        told.write_text(text)
        assert read_told(tmp_path / "staging").seconds == 0.0 and keeper.due(1)
    told.write_bytes(b"\xff")
    assert read_told(tmp_path / "staging") == Told(0.0, None)


def test_nothing_is_due_while_one_is_written_and_it_does_not_block(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def slow(*words: Any) -> Any:
        release.wait()
        return write_checkpoint(*words)

    monkeypatch.setattr(module, "write_checkpoint", slow)
    stage = Stage(parts, tmp_path / "staging", everySteps=1)
    stage.take(1)
    assert not stage.keeper.due(2) and stage.events == []
    release.set()
    stage.keeper.finish()
    assert stage.keeper.due(2) and len(stage.events) == 1


def test_a_full_disk_is_raised_to_the_training_thread(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_words: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_checkpoint", full)
    stage = Stage(parts, tmp_path / "staging", everySteps=1)
    stage.take(1)
    with pytest.raises(ResourceError, match="no space left"):
        stage.keeper.finish()


def test_keep_deletes_the_oldest(parts: Path, tmp_path: Path) -> None:
    stage = Stage(parts, tmp_path / "staging", everySteps=1, keep=2)
    for step in (8, 9, 10):
        stage.take(step)
        stage.keeper.finish()
    assert sorted(path.name for path in stage.folder.iterdir()) == ["step-10", "step-9"]
    prune(stage.folder, 1)
    assert [path.name for path in stage.folder.iterdir()] == ["step-10"]


def test_the_event_carries_the_marks(parts: Path, tmp_path: Path) -> None:
    stage = Stage(parts, tmp_path / "staging", everySteps=1)
    marked = replace(stage.snapshot(3), marks=Marks(best=True, nll=2.5))
    stage.keeper.take(lambda: marked)
    stage.keeper.finish()
    check(stage.events[0])
    found = {key: stage.events[0][key] for key in ("best", "endsEpoch", "nll")}
    assert found == {"best": True, "endsEpoch": False, "nll": 2.5}


def test_leftovers_of_a_dead_process_go_when_training_begins(parts: Path, tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging/.step-5.999999999.tmp").mkdir()
    Stage(parts, tmp_path / "staging", everySteps=1)
    assert list((tmp_path / "staging").iterdir()) == []


def test_compiled_code_travels_only_when_asked_for(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.compiler, "save_cache_artifacts", lambda: (b"code", None))
    for number, asked in enumerate((False, True)):
        (tmp_path / str(number)).mkdir()
        stage = Stage(parts, tmp_path / str(number) / "staging", compiledCode=asked)
        stage.take(5)
        stage.keeper.finish()
        (event,) = stage.events
        named = {entry["path"] for entry in event["files"]}
        assert ("compiled-code.bin" in named) == asked
        assert read_checkpoint(stage.folder / "step-5").state.step == 5
