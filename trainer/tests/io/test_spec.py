from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dream_sft.io.errors import SpecError
from dream_sft.io.schemas import COMMANDS, load_schema
from dream_sft.io.spec import all_keys, load_spec
from dream_sft.io.spec_help import spec_help

TRAIN: dict[str, Any] = {
    "command": "train",
    "runDir": "run",
    "base": "../base",
    "dataset": "/data/set",
    "training": {"steps": 10},
    "checkpoints": {"folder": "staging"},
    "output": "out",
}


def write(folder: Path, content: Any) -> Path:
    path = folder / "spec.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def mistakes(folder: Path, content: Any, command: str = "train") -> list[str]:
    with pytest.raises(SpecError) as caught:
        load_spec(command, write(folder, content))
    return caught.value.mistakes


def test_fills_in_defaults_at_every_level_and_resolves_paths(tmp_path: Path) -> None:
    spec = load_spec("train", write(tmp_path, TRAIN))
    assert spec["training"]["betas"] == [0.9, 0.95]
    assert spec["checkpoints"]["keep"] is None and spec["resumeFrom"] is None
    assert "stopAfterSteps" not in spec and "epochs" not in spec["training"]
    assert spec["runDir"] == str(tmp_path / "run")
    assert Path(spec["base"]).resolve() == tmp_path.resolve().parent / "base"
    assert spec["dataset"] == "/data/set"
    assert spec["checkpoints"]["folder"] == str(tmp_path / "staging")


def test_reports_five_mistakes_at_once(tmp_path: Path) -> None:
    training = {"steps": "ten", "epochs": 1, "learnigRate": 0.1, "betas": [0.9, 1.5]}
    bad = {**TRAIN, "training": training, "output": ""}
    found = mistakes(tmp_path, bad)
    assert found == [
        'output: expected string, not empty or null, got ""',
        "training.learnigRate: unknown key, did you mean training.learningRate?",
        "training.betas[1]: expected number, above 0, below 1, got 1.5",
        'training.steps: expected integer, at least 1, got "ten"',
        "training: expected steps or epochs, got both; leave one out",
    ]


def test_two_intervals_of_checkpoints_are_one_too_many(tmp_path: Path) -> None:
    interval = {"folder": "staging", "everySteps": 5, "everySeconds": 60}
    assert mistakes(tmp_path, {**TRAIN, "checkpoints": interval}) == [
        "checkpoints: expected everySteps or everySeconds, got both; leave one out"
    ]


def test_a_key_of_another_level_is_pointed_to_its_place(tmp_path: Path) -> None:
    found = mistakes(tmp_path, {**TRAIN, "everySteps": 5})
    assert found == ["everySteps: unknown key, did you mean checkpoints.everySteps?"]


@pytest.mark.parametrize("missing", ["base", "checkpoints", "training"])
def test_names_what_is_missing(tmp_path: Path, missing: str) -> None:
    bad = {key: value for key, value in TRAIN.items() if key != missing}
    assert mistakes(tmp_path, bad)[0].startswith(f"{missing}: missing, expected ")


def test_a_wrong_source_is_explained_by_its_own_kind(tmp_path: Path) -> None:
    item = {"name": "a", "destination": "x", "source": {"kind": "hub", "repo": "no-slash"}}
    unknown = {**item, "source": {"kind": "ftp"}}
    bad = {"command": "download", "runDir": "r", "items": [item, unknown]}
    found = mistakes(tmp_path, bad, "download")
    assert found[0].startswith("items[0].source.repo: expected string that matches")
    assert found[1].startswith('items[1].source: expected {kind: "file", ...} or')


def test_defaults_inside_a_source_and_a_suite(tmp_path: Path) -> None:
    item = {"name": "a", "destination": "x", "source": {"kind": "hub", "repo": "o/n"}}
    download = {"command": "download", "runDir": "r", "items": [item]}
    source = load_spec("download", write(tmp_path, download))["items"][0]["source"]
    assert (source["revision"], source["repoType"]) == ("main", "model")
    suites = [{"name": "gsm8k", "questions": 3, "file": "q.jsonl"}]
    validate = {
        "command": "validate",
        "runDir": "r",
        "dataset": "d",
        "tokenizer": "t",
        "output": "o",
        "suites": suites,
    }
    suite = load_spec("validate", write(tmp_path, validate))["suites"][0]
    assert suite["seed"] == 0 and suite["file"] == str(tmp_path / "q.jsonl")
    del suites[0]["file"]
    assert mistakes(tmp_path, validate, "validate")[0].startswith("suites[0].file: missing")


@pytest.mark.parametrize("text", ["{", '{"a": NaN}', "[]", "\x00"])
def test_what_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nothing\.json"):
        load_spec("train", tmp_path / "nothing.json")


def test_whole_floats_are_integers_and_booleans_are_not(tmp_path: Path) -> None:
    spec = load_spec("train", write(tmp_path, {**TRAIN, "training": {"steps": 10.0}}))
    assert type(spec["training"]["steps"]) is int
    assert mistakes(tmp_path, {**TRAIN, "training": {"steps": True}})


def test_inside_an_object_that_may_be_null(tmp_path: Path) -> None:
    def training(validation: Any) -> dict[str, Any]:
        return {**TRAIN, "training": {"steps": 10, "validation": validation}}

    assert mistakes(tmp_path, training({"everyStep": 5, "tGrid": 65})) == [
        "training.validation.everyStep: unknown key, did you mean training.validation.everySteps?",
        "training.validation.tGrid: expected integer, at least 1, at most 64, got 65",
    ]
    assert mistakes(tmp_path, training(5)) == [
        "training.validation: expected object or null, got 5"
    ]
    loaded = load_spec("train", write(tmp_path, training({"everySteps": 5})))
    assert loaded["training"]["validation"] == {"everySteps": 5, "atEpochEnd": True, "tGrid": 8}
    loaded = load_spec("train", write(tmp_path, training(None)))
    assert loaded["training"]["validation"] is None
    text = spec_help("train")
    assert " training.validation.tGrid: integer, at least 1, at most 64, default 8\n" in text
    assert "noise levels, each with its own frozen mask" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_key_of_the_schema(command: str) -> None:
    text = spec_help(command)
    for key in all_keys(load_schema(f"{command}-spec")):
        assert f" {key}: " in text, key
