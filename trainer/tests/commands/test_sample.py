from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dream_sft.commands import sample as command
from dream_sft.io.errors import SpecError, WeightsError
from dream_sft.io.events import check
from dream_sft.io.spec import load_spec


def sample(
    folder: Path, model: Path, emit: Callable[[Any], None] | None = None, **changes: Any
) -> dict[str, Any]:
    spec = {
        "command": "sample",
        "runDir": "run",
        "model": str(model),
        "questions": ["1+2=?", "30+40=?"],
        "sampling": {"maxNewTokens": 6, "steps": 6, "stopAtEnd": False},
        **changes,
    }
    path = folder / "sample.json"
    path.write_text(json.dumps(spec))
    result = command.run(load_spec("sample", path), emit or (lambda _event: None))
    check(result)
    return result


def test_answers_every_question(tmp_path: Path, character_model: Path) -> None:
    result = sample(tmp_path, character_model)
    answers = result["metrics"]["answers"]
    assert [a["question"] for a in answers] == ["1+2=?", "30+40=?"]
    assert all(a["steps"] == 6 for a in answers)
    metrics = result["metrics"]
    tokens = sum(a["tokens"] for a in answers)
    assert metrics["seconds"] == pytest.approx(metrics["secondsPerToken"] * max(tokens, 1))
    assert (result["folder"], result["files"]) == (None, [])
    assert sample(tmp_path, character_model)["metrics"]["answers"] == answers


def test_the_trace_tells_every_reveal_once(tmp_path: Path, character_model: Path) -> None:
    result = sample(tmp_path, character_model, trace="out/trace.jsonl")
    assert [f["path"] for f in result["files"]] == ["trace.jsonl"]
    lines = [json.loads(line) for line in (tmp_path / "out/trace.jsonl").read_text().splitlines()]
    for line in lines:
        assert sorted(r["position"] for r in line["reveals"]) == list(range(6))
        steps = [r["step"] for r in line["reveals"]]
        assert steps == sorted(steps) and set(steps) <= set(range(6))


def test_watch_tells_every_reveal_as_it_happens(tmp_path: Path, character_model: Path) -> None:
    events: list[dict[str, Any]] = []
    setting = {"maxNewTokens": 6, "tokensPerStep": 2, "stopAtEnd": False, "blockLength": 3}
    changes = {"sampling": setting, "watch": True, "slots": 1, "trace": "trace.jsonl"}
    sample(tmp_path, character_model, events.append, **changes)
    for event in events:
        check(event)
    lines = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]
    for row, line in enumerate(lines):
        mine = [e for e in events if e["question"] == row]
        assert [e["step"] for e in mine] == [0, 1, 2, 3]
        assert [len(e["tokens"]) for e in mine] == [2, 1, 2, 1]
        told = [{"step": e["step"], **token} for e in mine for token in e["tokens"]]
        assert told == line["reveals"] and line["canvas"] == 6
    # one slot: the second question waits for the first
    assert [e["question"] for e in events] == [0] * 4 + [1] * 4


def test_settings_that_cannot_work_are_told_before_the_model_is_read(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        sample(tmp_path, tmp_path / "nothing", sampling={"maxNewTokens": 48, "threshold": 0.9})
    assert len(caught.value.mistakes) == 3


def test_a_model_without_a_fitting_tokenizer_is_refused(
    tmp_path: Path, character_model: Path
) -> None:
    config = json.loads((character_model / "config.json").read_text())
    for file in character_model.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "config.json").write_text(json.dumps({**config, "mask_token_id": 9}))
    with pytest.raises(WeightsError, match="cannot use the model") as caught:
        sample(tmp_path, tmp_path)
    assert len(caught.value.mistakes) == 1
