"""Which trackers a run gets; the services themselves are fakes that fail with a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dream_sft.io.errors import SpecError
from dream_sft.train.open_metrics import open_metrics
from dream_sft.train.state import TrainState
from dream_sft.train.trackers import open as opening
from dream_sft.train.trackers.account import wandb_account

KEY = "a-key-that-nobody-may-see"


class Leaking:
    """Its errors quote the key, as those of HTTP libraries may."""

    made: list[tuple[Any, ...]] = []  # noqa: RUF012 - cleared by the fixture

    def __init__(self, account: Any, run_dir: Path, run_id: str, settings: Any, online: bool):
        self.made.append((run_id, online))

    def reach(self) -> None:
        raise RuntimeError(f"401 for {KEY}")


@pytest.fixture
def leaking(monkeypatch: pytest.MonkeyPatch) -> type[Leaking]:
    Leaking.made = []
    monkeypatch.setitem(opening._BACKENDS, "wandb", Leaking)
    account = wandb_account({"WANDB_API_KEY": KEY})
    monkeypatch.setitem(opening._ACCOUNTS, "wandb", lambda: account)
    return Leaking


def test_a_missing_package_is_one_sentence_with_the_pip_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: name == "tensorboard" or None)
    opening.check_trackers(["tensorboard"])
    with pytest.raises(SpecError) as caught:
        opening.check_trackers(["tensorboard", "swanlab", "wandb"])
    assert caught.value.exit_code == 64
    assert caught.value.mistakes == [
        "swanlab: pip install 'swanlab[dashboard]>=0.10', or leave it out",
        "wandb: pip install 'wandb>=0.20', or leave it out",
    ]


def test_both_ways_are_tried_with_one_run_id_and_the_key_is_never_told(
    tmp_path: Path, leaking: type[Leaking], caplog: pytest.LogCaptureFixture
) -> None:
    events: list[dict[str, Any]] = []
    spec = {"runDir": str(tmp_path), "training": {"trackers": ["wandb"]}}
    state = TrainState()
    metrics = open_metrics(spec, events.append, state, "")
    metrics.write(1, 0.0, {"step": 1, "loss": 0.5})
    metrics.close()
    assert leaking.made == [(state.tracker_run, True), (state.tracker_run, False)]
    assert state.tracker_run is not None
    assert [event["type"] for event in events] == ["warning"] * 3
    assert "401 for ***" in events[0]["message"]
    assert KEY not in str(events) + caplog.text
    assert not (tmp_path / "tensorboard").exists()


def test_a_resumed_run_keeps_its_id_and_runs_without_a_service_have_none(
    tmp_path: Path, leaking: type[Leaking]
) -> None:
    resumed = TrainState(step=5, tracker_run="of-the-checkpoint")
    spec = {"runDir": str(tmp_path / "a"), "training": {"trackers": ["wandb"]}}
    open_metrics(spec, lambda _: None, resumed, "").close()
    assert {run_id for run_id, _ in leaking.made} == {"of-the-checkpoint"}
    plain = TrainState()
    spec = {"runDir": str(tmp_path / "b"), "training": {"trackers": ["tensorboard"]}}
    open_metrics(spec, lambda _: None, plain, "").close()
    assert plain.tracker_run is None
    assert (tmp_path / "b" / "tensorboard").is_dir()
