from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dream_sft.train.startup import FILE, StartUp


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def step(seconds: float) -> dict[str, Any]:
    return {"type": "step", "secondsData": 0.25, "secondsCompute": seconds - 0.25}


def begun(folder: Path) -> tuple[StartUp, Clock]:
    """Imports 3 s, weights 10 s, optimizer restore 2 s."""
    clock = Clock()
    clock.now = 3.0
    startup = StartUp(folder, resumed_from="step-5", compiled=True, clock=clock)
    clock.now = 13.0
    startup.part("weights")
    clock.now = 15.0
    startup.part("optimizerRestore")
    return startup, clock


def test_parts_sum_up_and_compilation_is_what_the_first_step_took_more(tmp_path: Path) -> None:
    startup, clock = begun(tmp_path)
    passed: list[Any] = []
    emit = startup.watching(passed.append)
    emit({"type": "ready"})
    clock.now = 24.0
    emit(step(9.0))
    early = json.loads((tmp_path / FILE).read_text())
    assert early["compileSeconds"] is None
    assert early["secondsToFirstStep"] == 24.0
    for seconds in (1.0, 1.5, 1.0, 7.0, 100.0):
        clock.now += seconds
        emit(step(seconds))
    assert json.loads((tmp_path / FILE).read_text()) == {
        "resumedFrom": "step-5",
        "compile": True,
        "secondsToFirstStep": 24.0,
        "parts": {"imports": 3.0, "weights": 10.0, "optimizerRestore": 2.0, "firstStep": 9.0},
        "firstStepSeconds": 9.0,
        "usualStepSeconds": 1.25,
        "compileSeconds": 7.75,
    }
    assert len(passed) == 7


def test_a_short_run_writes_what_it_knows(tmp_path: Path) -> None:
    startup, clock = begun(tmp_path)
    emit = startup.watching(lambda _: None)
    clock.now = 20.0
    emit(step(5.0))
    emit(step(1.0))
    startup.finish()
    assert json.loads((tmp_path / FILE).read_text())["compileSeconds"] == 4.0


def test_a_folder_that_is_gone_does_not_end_training(tmp_path: Path) -> None:
    startup, _ = begun(tmp_path / "gone" / "too")
    (tmp_path / "gone").write_text("a file in its place")
    startup.watching(lambda _: None)(step(1.0))
