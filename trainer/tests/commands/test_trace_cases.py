from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dream_sft.commands import trace_cases as command
from dream_sft.io.errors import DataError, SpecError
from dream_sft.io.events import check
from dream_sft.io.spec import load_spec
from tests.commands.test_evaluate import answers_of, evaluate, write_spec

CASES = [{"suite": "arithmetic", "id": "82+61"}, {"suite": "arithmetic", "id": "48+42"}]


def trace(
    folder: Path, model: Path, answers: list[str], **changes: Any
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Lines of traces.jsonl and the result event; settings are those of `write_spec`."""
    evaluation = json.loads(write_spec(folder, model, "asked").read_text())
    shared = ("threads", "model", "suites", "sampling", "batchSize")
    spec = {
        "command": "trace",
        "runDir": "trace/run",
        **{key: evaluation[key] for key in shared},
        "cases": CASES,
        "answers": answers,
        "output": "trace/output",
        **changes,
    }
    path = folder / "trace.json"
    path.write_text(json.dumps(spec))
    events: list[dict[str, Any]] = []
    result = command.run(load_spec("trace", path), events.append)
    for event in (*events, result):
        check(event)
    lines = (folder / "trace/output/traces.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines], result


def test_the_answers_are_those_of_the_evaluation(tmp_path: Path, character_model: Path) -> None:
    evaluate(write_spec(tmp_path, character_model, "run"))
    evaluated = {a["id"]: a for a in answers_of(tmp_path / "run/output")}
    lines, result = trace(tmp_path, character_model, ["run/output"])
    assert [line["id"] for line in lines] == ["82+61", "48+42"]
    for line in lines:
        assert line["answer"] == evaluated[line["id"]]["answer"]
        assert line["tokens"] == evaluated[line["id"]]["tokens"]
        assert line["question"] == evaluated[line["id"]]["question"]
        assert line["asEvaluated"] is True
    metrics = result["metrics"]
    assert (metrics["cases"], metrics["asEvaluated"], metrics["otherwise"]) == (2, 2, 0)


def test_every_token_of_an_answer_was_revealed_once(tmp_path: Path, character_model: Path) -> None:
    lines, _ = trace(tmp_path, character_model, [])
    for line in lines:
        places = [reveal["position"] for reveal in line["reveals"]]
        assert len(places) == len(set(places))
        assert set(range(line["tokens"])) <= set(places)
        shown = sorted(line["reveals"], key=lambda reveal: reveal["position"])
        assert "".join(r["text"] for r in shown[: line["tokens"]]) == line["answer"]
        assert line["asEvaluated"] is None


def test_an_answer_made_otherwise_is_told(tmp_path: Path, character_model: Path) -> None:
    evaluate(write_spec(tmp_path, character_model, "run"))
    path = tmp_path / "run/output/answers.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    changed = [{**row, "answer": "quite another"} if row["id"] == "48+42" else row for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in changed))
    lines, result = trace(tmp_path, character_model, ["run/output"])
    assert [line["asEvaluated"] for line in lines] == [True, False]
    assert result["metrics"]["otherwise"] == 1


def test_cases_that_nobody_asks_are_all_named(tmp_path: Path, character_model: Path) -> None:
    wanted = [{"suite": "gsm8k", "id": "1"}, CASES[0], {"suite": "arithmetic", "id": "x"}]
    with pytest.raises(DataError) as caught:
        trace(tmp_path, character_model, [], cases=wanted)
    assert caught.value.mistakes == ["gsm8k:1", "arithmetic:x"]


def test_settings_that_cannot_work_are_told_before_the_model_is_read(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        trace(tmp_path, tmp_path / "none", [], sampling={"maxNewTokens": 48, "threshold": 0.9})
    assert len(caught.value.mistakes) == 3
