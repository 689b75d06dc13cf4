from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dream_sft.io.files import remove_leftovers
from dream_sft.io.process_info import is_dead
from dream_sft.train import rotation
from dream_sft.train.rotation import prune
from dream_sft.train.state import Identity, TrainState, state_from_json, state_to_json


class Staging:
    """Checkpoints of one small file each, written as a run that validates writes them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, TrainState()

    def checkpoint(
        self, step: int, nll: float | None = None, *, grid: str = "g", ends_epoch: bool = False
    ) -> Path:
        self.state.step, self.state.ends_epoch = step, ends_epoch
        if nll is not None:
            self.state.note_validation(nll, grid)
        path = self.folder / f"step-{step}"
        path.mkdir(parents=True)
        (path / "weights").write_bytes(b"1234")
        files = [{"path": "weights", "size": 4, "sha256": "0" * 64}]
        text = state_to_json(self.state, Identity({}), {}, files)
        (path / "trainer_state.json").write_text(text)
        return path

    @property
    def steps(self) -> list[int]:
        return sorted(int(path.name.removeprefix("step-")) for path in self.folder.iterdir())


@pytest.fixture
def staging(tmp_path: Path) -> Staging:
    return Staging(tmp_path / "staging")


def test_the_best_and_epoch_ends_stay_beside_the_newest(staging: Staging) -> None:
    for step, nll in ((1, 3.0), (2, 2.0), (3, None), (4, 2.5), (5, None), (6, None)):
        staging.checkpoint(step, nll, ends_epoch=step == 4)
        prune(staging.folder, 1)
    assert staging.steps == [2, 4, 6]


def test_a_checkpoint_that_was_the_best_goes_when_another_is(staging: Staging) -> None:
    for step, nll in ((1, 3.0), (2, 2.0), (3, 1.0), (4, 1.5)):
        staging.checkpoint(step, nll)
        prune(staging.folder, 1)
    assert staging.steps == [3, 4]


def test_of_equal_losses_the_earlier_is_the_best(staging: Staging) -> None:
    for step in (1, 2, 3):
        staging.checkpoint(step, 2.0)
    prune(staging.folder, 1)
    assert staging.state.best is not None and staging.state.best.step == 1
    assert staging.steps == [1, 3]


def test_losses_under_other_noise_do_not_count(staging: Staging) -> None:
    staging.checkpoint(1, 0.5, grid="old")
    staging.checkpoint(2, 2.0)
    staging.checkpoint(3, 2.5)
    prune(staging.folder, 1)
    assert staging.steps == [2, 3]


@pytest.mark.parametrize("damage", ["truncated", "missing", "state"])
def test_the_last_whole_checkpoint_outlives_a_damaged_newer_one(
    staging: Staging, damage: str
) -> None:
    for step in (1, 2):
        staging.checkpoint(step)
    newest = staging.checkpoint(3)
    if damage == "truncated":
        (newest / "weights").write_bytes(b"12")
    elif damage == "missing":
        (newest / "weights").unlink()
    else:
        (newest / "trainer_state.json").write_text("{")
    prune(staging.folder, 1)
    assert staging.steps == [2, 3]  # the damaged one is left for inspection


def test_checkpoints_of_runs_without_validation_go_by_age(staging: Staging) -> None:
    for step in range(1, 6):
        staging.checkpoint(step)
    prune(staging.folder, 2)
    assert staging.steps == [4, 5]


def test_a_deletion_that_was_cut_short_is_finished_by_the_next_process(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation.shutil, "rmtree", lambda *_words, **_options: None)
    for step in (1, 2):
        staging.checkpoint(step)
    prune(staging.folder, 1)
    monkeypatch.undo()
    (cut,) = staging.folder.glob(".step-1.*")
    assert remove_leftovers(staging.folder, is_dead) == [cut]
    assert staging.steps == [2]


def test_validations_survive_a_resume(staging: Staging) -> None:
    staging.checkpoint(4, 2.0)
    path = staging.checkpoint(5, 3.0, ends_epoch=True)
    content: dict[str, Any] = json.loads((path / "trainer_state.json").read_text())
    assert (content["best"], content["endsEpoch"]) == (False, True)
    state = state_from_json(content)
    assert state.best == staging.state.best and state.best is not None and state.best.step == 4
    assert state.validated == staging.state.validated
    assert not state.ends_epoch  # a run that goes on without validation marks no checkpoint
    older = {k: v for k, v in content.items() if k not in ("validation", "bestValidation")}
    assert state_from_json(older).best is None
