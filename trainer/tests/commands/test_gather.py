from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dream_sft.commands import gather as command
from dream_sft.evaluation.answers import Answer, append_answers, read_answers
from dream_sft.io.errors import DataError
from dream_sft.io.events import check
from dream_sft.io.spec import load_spec
from tests.evaluation.made import answer
from tests.train.builders import run

ANSWERS = [answer(n, n % 3 == 0, seconds=0.5) for n in range(1, 13)]


def put(folder: Path, name: str, answers: list[Answer]) -> None:
    (folder / name).mkdir()
    append_answers(folder / name / "answers.jsonl", answers)


def write_spec(folder: Path, answers: list[str], name: str, **changes: Any) -> Path:
    spec = {"command": "gather", "runDir": "run", "answers": answers, "output": name, **changes}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(spec))
    return path


def gathered(spec: Path) -> dict[str, Any]:
    result = command.run(load_spec("gather", spec), print)
    check(result)
    metrics: dict[str, Any] = result["metrics"]
    return metrics


@pytest.mark.parametrize("cuts", [(0, 12), (0, 5, 12), (0, 1, 2, 11, 12)])
def test_the_number_of_shards_changes_nothing(tmp_path: Path, cuts: tuple[int, ...]) -> None:
    put(tmp_path, "whole", ANSWERS)
    names = [f"shard{first}" for first in cuts[:-1]]
    for name, first, last in zip(names, cuts, cuts[1:], strict=False):
        put(tmp_path, name, ANSWERS[first:last][::-1])
    whole = gathered(write_spec(tmp_path, ["whole"], "one"))
    assert gathered(write_spec(tmp_path, names[::-1], "many")) == whole
    assert whole["suites"]["arithmetic"]["correct"] == 4
    assert read_answers(tmp_path / "many/answers.jsonl") == ANSWERS
    assert json.loads((tmp_path / "many/scores.json").read_text()) == whole


def test_as_a_process(tmp_path: Path) -> None:
    put(tmp_path, "whole", ANSWERS)
    done = run(write_spec(tmp_path, ["whole"], "one", questions={"arithmetic": 12}), "gather")
    assert done.code == 0, done.stderr
    assert done.metrics["suites"]["arithmetic"]["n"] == 12
    assert "arithmetic: 4 of 12 right" in done.stderr


def test_a_missing_shard_is_told(tmp_path: Path) -> None:
    put(tmp_path, "part", ANSWERS[:7])
    spec = write_spec(tmp_path, ["part"], "one", questions={"arithmetic": 12, "cd3": 1})
    with pytest.raises(DataError) as caught:
        gathered(spec)
    assert caught.value.mistakes == [
        "arithmetic: 7 answers, 12 expected",
        "cd3: 0 answers, 1 expected",
    ]
    assert not (tmp_path / "one").exists()
