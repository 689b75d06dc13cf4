"""Promise 4: however a run is cut, its samples, noise, schedule and final weights are the same."""

from __future__ import annotations

import json
import random
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from dream_sft.commands import train as train_command
from dream_sft.io.errors import DataError
from dream_sft.io.spec import load_spec
from tests.train.builders import (
    Finished,
    Workshop,
    finish,
    run,
    start,
    until_step,
    write_dataset,
    write_model,
)

STEPS = 80
LONG: dict[str, Any] = {"training__steps": STEPS, "checkpoints__everySteps": 7}


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    workshop = Workshop(tmp_path_factory.mktemp("straight"))
    write_model(workshop.root / "base")
    write_dataset(workshop.root / "dataset")
    return run(workshop.spec(**LONG))


def assert_same(done: Finished, straight: Finished) -> None:
    assert done.code == 0, done.stderr
    for key in ("orderHash", "weightsSha256", "tokens", "finalLoss", "steps"):
        assert done.metrics[key] == straight.metrics[key], key
    assert done.metrics["resumedInexactly"] is False


def test_killed_at_random_steps_ends_with_the_same_weights(
    workshop: Workshop, straight: Finished
) -> None:
    choose = random.Random(1)
    begun = 0
    for _ in range(2):
        spec = workshop.spec(**LONG, resumeFrom=workshop.newest())
        process = start(spec, pipesize=4096)
        events = until_step(process, begun + choose.randint(8, 25))
        process.send_signal(signal.SIGKILL)
        begun = events[-1]["step"]
        assert finish(process).code == -signal.SIGKILL
    last = workshop.newest()
    assert last is not None
    resuming = start(workshop.spec(**LONG, resumeFrom=last))
    assert resuming.stdout is not None and "started" in resuming.stdout.readline()
    resuming.kill()
    assert finish(resuming).of("ready") == []
    done = run(workshop.spec(**LONG, resumeFrom=last))
    assert_same(done, straight)
    assert done.of("ready")[0]["step"] == int(last.rsplit("-", 1)[1])
    lines = (workshop.root / "run/run/metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == list(range(1, STEPS + 1))


def test_each_validation_is_recorded_once_however_the_run_is_cut(workshop: Workshop) -> None:
    data = workshop.root / "dataset"
    shutil.copy(data / "documents.safetensors", data / "held_out.safetensors")
    grid = {"training__validation": {"everySteps": 4, "atEpochEnd": False, "tGrid": 2}}
    assert run(workshop.spec("straight", **grid)).code == 0
    staged = workshop.root / "straight/checkpoints/step-20"
    done = run(workshop.spec("cut", **grid, resumeFrom=str(staged)))
    assert done.code == 0, done.stderr

    def records(name: str) -> list[tuple[int, float | None]]:
        lines = (workshop.root / name / "run/metrics.jsonl").read_text().splitlines()
        found = [json.loads(line) for line in lines]
        return [(one["step"], one.get("validation", {}).get("nll")) for one in found]

    assert records("cut") == records("straight")
    measured = [step for step, nll in records("cut") if nll is not None]
    assert measured == [4, 8, 12, 16, 20, 24, 28, 30]


def test_sigterm_twice_stages_a_checkpoint_and_resumes_exactly(
    workshop: Workshop, straight: Finished
) -> None:
    unasked: dict[str, Any] = {**LONG, "checkpoints__everySteps": None}
    process = start(workshop.spec(**unasked), pipesize=4096)
    until_step(process, 15)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    stopped = finish(process)
    assert stopped.code == 75, stopped.stderr
    ready, told = stopped.events[-2:]
    assert (ready["type"], told["type"]) == ("checkpoint-ready", "stopped")
    # Steps up to the 15th were read above; it may have been the last before the signal was seen.
    seen = [15, *(event["step"] for event in stopped.of("step"))]
    assert ready["step"] == seen[-1]
    assert_same(run(workshop.spec(**unasked, resumeFrom=ready["folder"])), straight)


def test_stop_after_steps_keeps_the_schedule_of_all_steps(
    workshop: Workshop, straight: Finished
) -> None:
    smoke = run(workshop.spec(**LONG, stopAfterSteps=9))
    assert smoke.code == 0, smoke.stderr
    assert smoke.metrics["steps"] == 9
    rates = [event["learningRate"] for event in smoke.of("step")]
    assert rates == [event["learningRate"] for event in straight.of("step")[:9]]
    assert {event["totalSteps"] for event in smoke.of("step")} == {9}


def test_other_numerics_are_named_and_remembered(begun: Workshop) -> None:
    changed: dict[str, Any] = {"resumeFrom": begun.newest(), "training__documentsPerMicroBatch": 8}
    resumed = run(begun.spec(**changed))
    assert resumed.of("resumed_inexactly")[0]["differences"] == [
        {
            "what": "micro-batch plan",
            "checkpoint": "4 of 8 documents",
            "now": "8 of 8 documents",
        }
    ]
    assert resumed.metrics["resumedInexactly"] is True


def test_other_numerics_give_the_same_order_and_losses_within_1e_5(begun: Workshop) -> None:
    """Float32, and every document in a micro-batch of its own from the checkpoint on."""
    whole = run(begun.spec("whole"))
    resumed = run(begun.spec(resumeFrom=begun.newest(), training__documentsPerMicroBatch=1))
    assert resumed.code == 0, resumed.stderr
    assert resumed.metrics["resumedInexactly"] is True
    assert resumed.metrics["orderHash"] == whole.metrics["orderHash"]
    assert resumed.metrics["weightsSha256"] != whole.metrics["weightsSha256"]
    losses = {event["step"]: event["loss"] for event in whole.of("step")}
    steps = resumed.of("step")
    assert [event["step"] for event in steps] == list(range(steps[0]["step"], 31))
    for event in steps:
        assert event["loss"] == pytest.approx(losses[event["step"]], rel=1e-5)


def refused(spec: Path) -> DataError:
    """In this process: what is wrong is found before anything runs."""
    with pytest.raises(DataError) as caught:
        train_command.run(load_spec("train", spec), lambda _event: None)
    return caught.value


def test_checkpoint_of_another_run_is_refused_with_every_difference(begun: Workshop) -> None:
    other: dict[str, Any] = {"training__learningRate": 0.5, "training__seed": 7}
    error = refused(begun.spec(**other, resumeFrom=begun.newest()))
    assert "belongs to another run" in error.message
    assert len(error.mistakes) == 2


def test_damaged_checkpoint_is_refused_naming_the_file(begun: Workshop) -> None:
    newest = Path(str(begun.newest()))
    moments = newest / "optimizer.safetensors"
    content = bytearray(moments.read_bytes())
    content[-1] ^= 1
    moments.write_bytes(content)
    (newest / "metrics.jsonl").unlink()
    error = refused(begun.spec(resumeFrom=str(newest)))
    assert "metrics.jsonl is missing" in error.mistakes
    assert any("optimizer.safetensors" in mistake for mistake in error.mistakes)


def test_a_folder_that_is_no_checkpoint_is_refused(begun: Workshop) -> None:
    assert "no trainer_state.json" in refused(begun.spec(resumeFrom="dataset")).message
