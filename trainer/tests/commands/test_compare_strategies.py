from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dream_sft.commands import compare_strategies as command
from dream_sft.evaluation.statistics import mcnemar_exact, wilson
from dream_sft.io import stop
from dream_sft.io.errors import SpecError, Stopped, WeightsError
from dream_sft.io.events import check
from dream_sft.io.schemas import load_schema
from dream_sft.io.spec import load_spec
from tests.evaluation.made import answer

CANVAS = 8
ONE = {"name": "one", "sampling": {"maxNewTokens": CANVAS, "blockLength": 4, "cache": "none"}}
FOUR = {"name": "four", "sampling": {**ONE["sampling"], "tokensPerStep": 4}}  # type: ignore[dict-item]
STAYS = [
    {**entry, "sampling": {**entry["sampling"], "stopAtEnd": False}}  # type: ignore[dict-item]
    for entry in (ONE, FOUR)
]


def spec_of(folder: Path, model: Path, **changes: Any) -> dict[str, Any]:
    spec = {
        "command": "strategies",
        "runDir": "run",
        "model": str(model),
        "suite": {"name": "arithmetic", "questions": 6},
        "strategies": STAYS,
        "batchSize": 3,
        "output": "out",
        **changes,
    }
    path = folder / "strategies.json"
    path.write_text(json.dumps(spec))
    return load_spec("strategies", path)


def measure(
    folder: Path, model: Path, emit: Callable[[Any], None] = lambda _event: None, **changes: Any
) -> dict[str, Any]:
    result = command.run(spec_of(folder, model, **changes), emit)
    check(result)
    metrics: dict[str, Any] = result["metrics"]
    return metrics


def test_score_speed_and_passes_of_every_strategy(tmp_path: Path, character_model: Path) -> None:
    events: list[dict[str, Any]] = []
    metrics = measure(tmp_path, character_model, events.append)
    one, four = metrics["strategies"]
    # nothing stops early: so many steps as tokens, and a pass of a whole batch for each
    assert (one["forwardsPerAnswer"], four["forwardsPerAnswer"]) == (CANVAS, CANVAS / 4)
    assert one["forwards"] == {"full": 2 * CANVAS, "window": 0, "commit": 0}
    assert four["forwards"]["full"] == 2 * CANVAS / 4
    for row in (one, four):
        assert row["n"] == 6 and row["score"] == row["correct"] / 6
        assert row["interval"] == list(wilson(row["correct"], 6))
        assert row["tokensPerSecond"] == pytest.approx(row["answerTokens"] / row["seconds"])
        lines = (tmp_path / "out" / row["name"] / "answers.jsonl").read_text().splitlines()
        assert sum(json.loads(line)["tokens"] for line in lines) == row["answerTokens"]
    assert one["againstFirst"] is None and 0 <= four["againstFirst"]["sameText"] <= 1
    for event in events:
        check(event)
    told = [(e["what"], e["done"]) for e in events if e["type"] == "progress"]
    assert told == [("one", 3), ("one", 6), ("four", 3), ("four", 6)]
    document = json.loads((tmp_path / "out/strategies.json").read_text())
    Draft202012Validator(load_schema("strategies")).validate(document)
    assert document["strategies"] == metrics["strategies"] and document["device"] == "cpu"


def test_what_was_measured_is_not_measured_again(tmp_path: Path, character_model: Path) -> None:
    first = measure(tmp_path, character_model, strategies=STAYS[:1])
    both = measure(tmp_path, character_model)
    assert (first["measured"], both["measured"]) == (1, 1)
    assert both["strategies"][0] == first["strategies"][0]  # its seconds too


def test_other_settings_or_damage_are_measured_anew(tmp_path: Path, character_model: Path) -> None:
    measure(tmp_path, character_model)
    events: list[dict[str, Any]] = []
    changed = measure(tmp_path, character_model, events.append, batchSize=2)
    assert changed["measured"] == 2
    assert [e["type"] for e in events].count("warning") == 2
    (tmp_path / "out/four/measured.json").write_text("{")
    assert measure(tmp_path, character_model, batchSize=2)["measured"] == 1
    (tmp_path / "out/one/answers.jsonl").unlink()
    assert measure(tmp_path, character_model, batchSize=2)["measured"] == 1


def test_a_stop_repeats_one_strategy(
    tmp_path: Path, character_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def emit(event: dict[str, Any]) -> None:
        if event["type"] == "progress" and event["what"] == "four":
            monkeypatch.setattr(command, "stop_requested", lambda: True)

    with pytest.raises(Stopped, match="strategy four"):
        measure(tmp_path, character_model, emit)
    monkeypatch.setattr(command, "stop_requested", stop.stop_requested)
    assert measure(tmp_path, character_model)["measured"] == 1


def test_settings_that_cannot_run_are_told_before_the_model_is_read(tmp_path: Path) -> None:
    strategies = [
        {"name": "odd", "sampling": {"maxNewTokens": 24, "blockLength": 7}},
        {"name": "sure", "sampling": {"maxNewTokens": 24, "blockLength": 8, "threshold": 0.9}},
        STAYS[0],
        STAYS[0],
    ]
    spec = spec_of(tmp_path, tmp_path / "nothing", strategies=strategies)
    with pytest.raises(SpecError) as caught:
        command.run(spec, lambda _event: None)
    mistakes = caught.value.mistakes
    assert [m.split(":")[0] for m in mistakes] == ["odd", "sure", "sure", "one"]
    assert "blockLength 7 does not divide maxNewTokens 24" in mistakes[0]


def test_a_canvas_without_positions_is_told_before_the_weights_are_read(
    tmp_path: Path, character_model: Path
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    for file in character_model.iterdir():
        if file.suffix == ".json":
            (model / file.name).write_bytes(file.read_bytes())
    long = {"name": "long", "sampling": {"maxNewTokens": 128}}
    with pytest.raises(SpecError, match="nothing was measured") as caught:
        measure(tmp_path, model, strategies=[STAYS[0], long])
    (mistake,) = caught.value.mistakes
    assert mistake.startswith("long: maxNewTokens 128") and "128 positions" in mistake
    with pytest.raises(WeightsError):
        measure(tmp_path, model)


def test_differences_are_paired_question_by_question() -> None:
    right = [[1, 1, 1, 0, 0], [1, 0, 0, 1, 0]]
    rows = [{"name": "a"}, {"name": "b"}]
    answers = [[answer(i, bool(r)) for i, r in enumerate(side)] for side in right]
    first, second = command.against_first(rows, [answers[0], answers[1][::-1]])
    assert first["againstFirst"] is None
    against = second["againstFirst"]
    assert against["difference"] == pytest.approx(-1 / 5)
    assert against["p"] == mcnemar_exact(1, 2)
    assert against["sameText"] == pytest.approx(2 / 5)
