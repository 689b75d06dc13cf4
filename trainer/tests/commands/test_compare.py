"""The command as a process and in process: files in, comparison.json out, clear errors."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dream_sft.commands import compare as command
from dream_sft.data import convert
from dream_sft.evaluation.answers import Answer, append_answers
from dream_sft.io.errors import DataError, SpecError
from dream_sft.io.events import check
from dream_sft.io.schemas import load_schema
from dream_sft.io.spec import load_spec
from tests.data.small import convert_spec, s1k_row, write_rows, write_tokenizer
from tests.evaluation.made import answer
from tests.train.builders import run


def gsm8k(right: int, n: int = 60, **changes: object) -> list[Answer]:
    return [answer(k, k < right, suite="gsm8k", **changes) for k in range(n)]


def put(folder: Path, name: str, answers: list[Answer]) -> str:
    (folder / name).mkdir()
    append_answers(folder / name / "answers.jsonl", answers)
    return name


def write_spec(folder: Path, **changes: Any) -> Path:
    spec = {
        "command": "compare",
        "runDir": "run",
        "before": ["before"],
        "after": ["after"],
        "resamples": 1000,
        "output": "output",
        **changes,
    }
    path = folder / "compare.json"
    path.write_text(json.dumps(spec))
    return path


def compared(folder: Path, **changes: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    events: list[dict[str, Any]] = []
    result = command.run(load_spec("compare", write_spec(folder, **changes)), events.append)
    for event in (*events, result):
        check(event)
    document: dict[str, Any] = json.loads((folder / "output/comparison.json").read_text())
    Draft202012Validator(load_schema("comparison")).validate(document)
    return events, document


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, "before", gsm8k(20))
    put(tmp_path, "after", gsm8k(40))
    return tmp_path


def test_as_a_process(folder: Path) -> None:
    done = run(write_spec(folder), "compare")
    assert done.code == 0, done.stderr
    assert done.metrics["verdict"] == "better"
    assert done.metrics["suites"]["gsm8k"]["difference"] == pytest.approx(1 / 3)
    assert "33.3 % before, 66.7 % after, of 60" in done.stderr


def test_shards_give_the_same_document(folder: Path) -> None:
    _, whole = compared(folder)
    put(folder, "a", gsm8k(40)[30:])
    put(folder, "b", gsm8k(40)[:30])
    _, sharded = compared(folder, after=["a", "b/answers.jsonl"])
    assert sharded == whole


def test_anchor_canvases_flips_and_contamination_in_one_document(folder: Path) -> None:
    put(folder, "again", gsm8k(21, harness="batch 1"))
    put(folder, "published", gsm8k(30, 50))
    put(folder, "default", gsm8k(30, 50))
    for size, empty in ((256, 0), (512, 5), (1024, 30)):
        mark = {"first_eos": 0, "tokens": 0, "readable": False}
        answers = [
            dataclasses.replace(a, **(mark if k < empty else {}))  # type: ignore[arg-type]
            for k, a in enumerate(gsm8k(50))
        ]
        put(folder, f"canvas-{size}", answers)
    # A row of the training data asks what gsm8k's third question asks.
    write_tokenizer(folder / "tokenizer")
    rows = write_rows(folder / "rows.jsonl", [{**s1k_row(1), "question": "q2"}])
    convert.run(convert_spec(folder, rows), lambda event: None)
    events, document = compared(
        folder,
        again=["again"],
        anchor={"published": ["published"], "default": ["default"]},
        canvases=[{"maxNewTokens": n, "answers": [f"canvas-{n}"]} for n in (1024, 256, 512)],
        dataset="converted",
    )
    assert document["suites"][0]["flips"]["graded"] == pytest.approx(1 / 60)
    assert document["anchor"]["holds"] is False
    assert document["anchor"]["sentence"].startswith("this harness does not reproduce")
    assert document["canvasCheck"]["overflow"] is True
    assert [c["empty"] for c in document["canvasCheck"]["canvases"]] == [0, 5, 30]
    assert [q["id"] for q in document["suites"][0]["contamination"]["questions"]] == ["2"]
    assert [e["message"] for e in events] == [
        "1 questions of gsm8k are in the training rows; see comparison.json"
    ]


def test_sides_that_do_not_compare(folder: Path) -> None:
    put(folder, "other", gsm8k(40, harness="other sampling"))
    with pytest.raises(DataError, match="cannot be compared"):
        compared(folder, after=["other"])
    with pytest.raises(DataError, match="no answers there"):
        compared(folder, after=["none"])


def test_canvases_named_twice_or_of_several_suites(folder: Path) -> None:
    twice = [{"maxNewTokens": 256, "answers": ["before"]}] * 2
    with pytest.raises(DataError, match="named once"):
        compared(folder, canvases=twice)
    put(folder, "mixed", [*gsm8k(1), answer(1, True, suite="cd3")])
    mixed = [{"maxNewTokens": n, "answers": ["mixed"]} for n in (256, 512)]
    with pytest.raises(DataError, match="of one suite, found cd3, gsm8k"):
        compared(folder, canvases=mixed)


def test_a_wrong_spec_names_every_mistake(folder: Path) -> None:
    with pytest.raises(SpecError) as caught:
        compared(folder, before=[], resamples=10, befor=["x"])
    assert len(caught.value.mistakes) == 3
    assert "befor: unknown key, did you mean before?" in caught.value.mistakes
