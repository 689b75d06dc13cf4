from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dream_sft.commands import train
from dream_sft.io.errors import DataError
from dream_sft.io.exit_codes import HANGING
from dream_sft.train import watchdog
from dream_sft.train.watchdog import Watchdog

TRAINER = Path(__file__).resolve().parents[2]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def watched(factor: float = 20) -> tuple[Watchdog, Clock, list[float]]:
    clock, hangs = Clock(), list[float]()

    def hang(seconds: float, _: str) -> None:
        hangs.append(seconds)

    return Watchdog(factor, on_hang=hang, clock=clock), clock, hangs


def test_a_step_within_its_usual_time_is_no_hang() -> None:
    dog, clock, hangs = watched()
    for _ in range(5):
        clock.now += 10
        dog.step(10)
    assert dog.limit == 200
    clock.now += 199
    dog.look()
    assert hangs == []
    clock.now += 2
    dog.look()
    assert hangs == [201]


def test_short_steps_are_given_two_minutes_and_the_first_half_an_hour() -> None:
    dog, clock, hangs = watched()
    assert dog.limit == 1800
    dog.step(0.1)
    assert dog.limit == 120
    clock.now += 119
    dog.alive()
    clock.now += 119
    dog.look()
    assert hangs == []


def test_one_slow_step_does_not_move_the_limit() -> None:
    dog, _, _ = watched(2)
    for seconds in [100.0] * 9 + [10_000.0]:
        dog.step(seconds)
    assert dog.limit == pytest.approx(200)


def test_a_hang_ends_the_process_with_all_stacks() -> None:
    code = (
        "import threading\n"
        "from dream_sft.train.watchdog import dump_and_exit\n"
        "def waits_for_ever(): threading.Event().wait()\n"
        "threading.Thread(target=waits_for_ever, daemon=True).start()\n"
        "dump_and_exit(7, 'a step')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=TRAINER, capture_output=True, text=True, check=False
    )
    assert done.returncode == HANGING
    assert "waited 7 s for a step: training hangs" in done.stderr
    assert "waits_for_ever" in done.stderr


def test_a_long_checkpoint_is_no_hang() -> None:
    dog, clock, hangs = watched()
    dog.step(0.1)
    with dog.patient("a checkpoint"):
        clock.now += 1700
        dog.look()
    clock.now += 119
    dog.look()
    assert hangs == []
    with dog.patient("a checkpoint"):
        clock.now += 2000
        dog.look()
    assert len(hangs) == 1


def test_a_start_may_take_half_an_hour_a_part_and_is_watched_until_its_first_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watchdog, "_CHECK_SECONDS", 3600.0)  # only this test looks
    clock, told = Clock(), list[tuple[float, str]]()
    dog = Watchdog(20, on_hang=lambda *hang: told.append(hang), clock=clock)
    with dog.watching("the start"):
        for _ in range(3):
            clock.now += 1799
            dog.look()
            dog.alive()  # a part is done
        with dog.watching("the first step"):
            clock.now += 1799
            dog.look()
            assert told == []
            dog.step(1.0)
            clock.now += 121
            dog.look()
    assert told == [(121, "a step")]
    dog.first("the start")
    clock.now += 1801
    dog.look()
    assert told[1:] == [(1801, "the start")]


def test_a_training_is_watched_before_it_looks_at_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: list[str] = []

    def refuse(_: object) -> None:
        running.extend(thread.name for thread in threading.enumerate())
        raise DataError("refused")

    monkeypatch.setattr(train, "check_inputs", refuse)
    training = {"hangFactor": 20, "compile": False}
    spec = {"runDir": str(tmp_path), "resumeFrom": None, "training": training}
    with pytest.raises(DataError):
        train.run(spec, lambda _: None)
    assert "watchdog" in running


def test_a_long_wait_says_every_half_minute_that_it_lives(caplog: pytest.LogCaptureFixture) -> None:
    dog, clock, hangs = watched()
    dog.step(0.1)
    with caplog.at_level("INFO", "dream_sft.train"), dog.patient("a checkpoint"):
        for _ in range(100):
            clock.now += 1
            dog.look()
    assert [record.getMessage() for record in caplog.records] == [
        f"waiting for {seconds} s for a checkpoint" for seconds in (30, 60, 90)
    ]
    clock.now += 119
    dog.look()
    assert len(caplog.records) == 3 and hangs == []
