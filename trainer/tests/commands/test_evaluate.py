from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from dream_sft.commands import evaluate as command
from dream_sft.io.errors import DataError, SpecError, Stopped
from dream_sft.io.events import check
from dream_sft.io.spec import load_spec
from tests.train.builders import finish, run, start


def write_spec(folder: Path, model: Path, name: str, **changes: Any) -> Path:
    spec = {
        "command": "evaluate",
        "runDir": f"{name}/run",
        "threads": 1,
        "model": str(model),
        "suites": [{"name": "arithmetic", "questions": 10}],
        "sampling": {
            "maxNewTokens": 8,
            "steps": 8,
            "blockLength": 4,
            "temperature": 0.7,
            "reveal": "official",
        },
        "batchSize": 3,
        "checkpoints": {"folder": f"{name}/checkpoints"},
        "output": f"{name}/output",
        **changes,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(spec))
    return path


def answers_of(folder: Path) -> list[dict[str, Any]]:
    """Without what depends on the clock."""
    lines = (folder / "answers.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def evaluate(spec: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    events: list[dict[str, Any]] = []
    result = command.run(load_spec("evaluate", spec), events.append)
    for event in (*events, result):
        check(event)
    return events, result


def test_answers_scores_and_a_checkpoint_a_batch(tmp_path: Path, character_model: Path) -> None:
    events, result = evaluate(write_spec(tmp_path, character_model, "run"))
    assert [e["done"] for e in events if e["type"] == "answers"] == [3, 6, 9, 10]
    ready = [e for e in events if e["type"] == "checkpoint-ready"]
    assert [e["step"] for e in ready] == [1, 2, 3, 4]
    assert len(answers_of(Path(ready[1]["folder"]))) == 6
    score = result["metrics"]["suites"]["arithmetic"]
    assert score["n"] == 10 and result["metrics"]["answersThisAttempt"] == 10
    assert score["correct"] == sum(a["correct"] for a in answers_of(tmp_path / "run/output"))
    assert json.loads((tmp_path / "run/output/scores.json").read_text()) == result["metrics"]


def test_resumed_answers_equal_those_of_a_straight_run(
    tmp_path: Path, character_model: Path
) -> None:
    evaluate(write_spec(tmp_path, character_model, "straight"))
    resume = {"resumeFrom": "straight/checkpoints/step-2"}
    events, result = evaluate(write_spec(tmp_path, character_model, "resumed", **resume))
    assert [e["batchesDone"] for e in events if e["type"] == "answers"] == [3, 4]
    assert result["metrics"]["answersThisAttempt"] == 4
    assert answers_of(tmp_path / "resumed/output") == answers_of(tmp_path / "straight/output")


def test_a_stop_stages_what_is_answered(
    tmp_path: Path, character_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "stop_requested", lambda: True)
    every = {"checkpoints": {"folder": "run/checkpoints", "everyBatches": 100}}
    events: list[dict[str, Any]] = []
    with pytest.raises(Stopped):
        spec = load_spec("evaluate", write_spec(tmp_path, character_model, "run", **every))
        command.run(spec, events.append)
    assert [e["type"] for e in events] == ["answers", "checkpoint-ready"]
    assert len(answers_of(Path(events[-1]["folder"]))) == 3


def test_sigterm_and_resume_as_processes(tmp_path: Path, character_model: Path) -> None:
    many = {"suites": [{"name": "arithmetic", "questions": 150}]}
    process = start(write_spec(tmp_path, character_model, "run", **many), "evaluate", pipesize=4096)
    assert process.stdout is not None
    lines = iter(process.stdout)
    while json.loads(next(lines))["type"] != "answers":
        pass
    process.send_signal(signal.SIGTERM)
    stopped = finish(process)
    assert stopped.code == 75, stopped.stderr
    last, told = stopped.events[-2:]
    assert (last["type"], told["type"]) == ("checkpoint-ready", "stopped")
    assert 0 < last["step"] < 50
    resume = {**many, "resumeFrom": last["folder"]}
    done = run(write_spec(tmp_path, character_model, "again", **resume), "evaluate")
    assert done.code == 0, done.stderr
    assert done.metrics["answersThisAttempt"] == 150 - 3 * last["step"]


def test_answers_of_other_settings_are_never_mixed_in(
    tmp_path: Path, character_model: Path
) -> None:
    evaluate(write_spec(tmp_path, character_model, "straight"))
    other = {"resumeFrom": "straight/checkpoints/step-2", "batchSize": 5}
    with pytest.raises(DataError, match="another"):
        evaluate(write_spec(tmp_path, character_model, "other", **other))


def test_mistakes_in_the_spec_are_spec_errors(tmp_path: Path, character_model: Path) -> None:
    twice = {"suites": [{"name": "arithmetic", "questions": 2}] * 2}
    with pytest.raises(SpecError, match="once"):
        evaluate(write_spec(tmp_path, character_model, "twice", **twice))
    bad = {"sampling": {"maxNewTokens": 8, "steps": 8, "blockLength": 3}}
    with pytest.raises(SpecError) as caught:
        evaluate(write_spec(tmp_path, character_model, "bad", **bad))
    assert "blockLength 3 does not divide" in caught.value.mistakes[0]
    with pytest.raises(DataError, match="no checkpoint"):
        evaluate(write_spec(tmp_path, character_model, "none", resumeFrom=str(character_model)))


def test_shards_count_through_the_suites_and_add_up(tmp_path: Path, character_model: Path) -> None:
    rows = [{"question": f"{n}+1?", "answer": str(n + 1), "grader": "number"} for n in range(4)]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    suites = [
        {"name": "arithmetic", "questions": 6},
        {"name": "custom", "questions": 4, "file": "own.jsonl"},
    ]
    _, whole = evaluate(write_spec(tmp_path, character_model, "whole", suites=suites, batchSize=1))
    expected, lines = whole["metrics"]["suites"], []
    counted = {name: {"n": 0, "correct": 0} for name in expected}
    for first, last in ((0, 4), (4, 7), (7, 10)):
        change = {"suites": suites, "batchSize": 1, "shard": {"from": first, "to": last}}
        spec = write_spec(tmp_path, character_model, f"shard{first}", **change)
        _, result = evaluate(spec)
        for name, score in result["metrics"]["suites"].items():
            assert score["key"] == expected[name]["key"]
            counted[name] = {key: counted[name][key] + score[key] for key in ("n", "correct")}
        lines += answers_of(tmp_path / f"shard{first}/output")
    assert counted == {n: {k: s[k] for k in ("n", "correct")} for n, s in expected.items()}
    assert lines == answers_of(tmp_path / "whole/output")


@pytest.mark.parametrize("shard", [{"from": 5, "to": 5}, {"from": 0, "to": 11}])
def test_a_shard_outside_the_questions(
    tmp_path: Path, character_model: Path, shard: dict[str, int]
) -> None:
    with pytest.raises(SpecError, match="10 questions"):
        evaluate(write_spec(tmp_path, character_model, "run", shard=shard))


def test_exported_answers_are_never_paid_for_twice(tmp_path: Path, character_model: Path) -> None:
    _, first = evaluate(write_spec(tmp_path, character_model, "first"))
    # Export is a copy of the folder; import is resumeFrom, which refuses other weights or settings.
    (tmp_path / "first/output").rename(tmp_path / "exported")
    _, again = evaluate(write_spec(tmp_path, character_model, "again", resumeFrom="exported"))
    assert again["metrics"]["answersThisAttempt"] == 0
    assert again["metrics"]["suites"] == first["metrics"]["suites"]


def test_compiled_code_is_part_of_the_settings_and_kept_beside_the_run(
    tmp_path: Path, character_model: Path, compiler: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):  # set by the command in here
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    few = {"suites": [{"name": "arithmetic", "questions": 3}]}
    evaluate(write_spec(tmp_path, character_model, "plain", **few))
    evaluate(write_spec(tmp_path, character_model, "compiled", compile=True, **few))
    [plain], [compiled] = (
        {answer["harness"] for answer in answers_of(tmp_path / name / "output")}
        for name in ("plain", "compiled")
    )
    assert plain != compiled
    kept = [path.name for path in (tmp_path / "compiled/compile-cache").rglob("*.*")]
    assert [name for name in kept if name.endswith(".so")]
    assert not [name for name in kept if name.startswith(".compiling.")]
    with pytest.raises(DataError, match="another"):
        evaluate(
            write_spec(tmp_path, character_model, "mixed", resumeFrom="compiled/output", **few)
        )


def test_compiled_code_that_cannot_be_made_is_a_spec_error(
    tmp_path: Path, character_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(SpecError, match="no compiler no-such-compiler; install it, or say false"):
        evaluate(write_spec(tmp_path, character_model, "run", compile=True))
