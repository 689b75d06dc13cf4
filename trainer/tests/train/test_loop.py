"""What lies between steps is no hang, however long a disk or a grid of validation takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dream_sft.train import loop
from dream_sft.train.methods.method import StepResult
from dream_sft.train.micro_batches import GlobalBatch
from dream_sft.train.ranks import ALONE
from dream_sft.train.state import TrainState
from dream_sft.train.watchdog import Watchdog


class Slow:
    """A run of one step whose every wait takes 25 minutes, each watched at its end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, stopped: bool) -> None:
        self.now, self.waits, self.hangs = 0.0, list[str](), list[float]()
        self.dog = Watchdog(20, on_hang=self.hang, clock=lambda: self.now)
        monkeypatch.setattr(loop, "_advance", lambda state, *_: setattr(state, "step", 1))
        monkeypatch.setattr(loop, "_report", lambda *_: None)
        monkeypatch.setattr(loop, "_validate", lambda *_: self.wait("validation"))
        self.run: Any = SimpleNamespace(
            state=SimpleNamespace(step=0),
            last_step=1,
            stop_requested=lambda: stopped,
            ranks=ALONE,
            batches=SimpleNamespace(batch=lambda step: SimpleNamespace(step=step)),
            schedule=SimpleNamespace(at=lambda _: 0.1),
            method=SimpleNamespace(step=lambda *_: None, sharded=False),
            checkpointer=SimpleNamespace(
                due=lambda _: False, last_taken=None, finish=lambda: self.wait("finish")
            ),
            watchdog=self.dog,
            step_seconds=[],
        )

    def hang(self, seconds: float, _: str) -> None:
        self.hangs.append(seconds)

    def wait(self, what: str) -> bool:
        self.now += 1500
        self.dog.look()
        self.waits.append(what)
        return False


def test_validation_and_the_last_checkpoint_may_take_their_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Slow(monkeypatch, stopped=False)
    assert loop._train(slow.run)
    assert slow.waits == ["validation", "finish"] and slow.hangs == []
    slow.now += 121
    slow.dog.look()
    assert slow.hangs == [121]


def test_a_step_without_masked_tokens_keeps_the_loss_of_the_one_before() -> None:
    state = TrainState()
    for step, loss in enumerate((None, 1.5, None), start=1):
        batch = GlobalBatch(step, 0.1, [], [], masked=0 if loss is None else 3, tokens=9)
        loop._advance(state, batch, 0.1, StepResult(loss, [loss, None, None], 0.0))
        assert state.loss == (None if step == 1 else 1.5)
    assert (state.step, state.updates, state.tokens) == (3, 1, 27)


def test_a_stop_waits_for_the_checkpoint_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch, stopped=True)
    slow.dog.step(0.1)
    assert not loop._train(slow.run)
    assert slow.waits == ["finish"] and slow.hangs == []


def test_a_failed_step_waits_for_the_checkpoint_in_flight_and_is_the_one_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Slow(monkeypatch, stopped=False)
    slow.run.checkpointer.prepare = lambda _: None
    slow.run.capture = SimpleNamespace(prepare=lambda: None)

    def fail(what: str) -> Any:
        raise ValueError(what)

    def finish() -> None:
        slow.wait("finish")
        fail("checkpoint")

    slow.run.method.step = lambda *_: fail("step")
    slow.run.checkpointer.finish = finish
    with pytest.raises(ValueError, match="step"):
        loop.train(slow.run)
    assert slow.waits == ["finish"] and slow.hangs == []
