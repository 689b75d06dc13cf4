"""validate on datasets whose facts are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dream_sft.data import convert
from dream_sft.data.chat import BOXED_INSTRUCTION
from dream_sft.data.validate import run
from dream_sft.io.errors import DataError
from dream_sft.io.events import check
from tests.data.small import convert_spec, s1k_row, write_json, write_rows, write_tokenizer

GSM8K = "Anna has three red apples and buys five more, how many apples has she now?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tokenizer(tmp_path / "tokenizer")
    return tmp_path


def converted(folder: Path, rows: list[Any], **changes: Any) -> None:
    file = write_rows(folder / "rows.jsonl", rows)
    convert.run(convert_spec(folder, file, **changes), lambda event: None)


def validate(folder: Path, **changes: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    spec = {
        "command": "validate",
        "dataset": str(folder / "converted"),
        "tokenizer": str(folder / "tokenizer"),
        "suites": [],
        "output": str(folder / "validated"),
        **changes,
    }
    result = run(spec, events.append)
    for event in [*events, result]:
        check(event)
    return result["metrics"], events


def details(folder: Path) -> dict[str, Any]:
    text = (folder / "validated" / "validation.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_counts_of_a_known_dataset(folder: Path) -> None:
    rows = [s1k_row(1), {**s1k_row(2), "question": "question  1?", "solution": ""}, s1k_row(3)]
    converted(folder, [*rows, s1k_row(4, attempt=1500)], maxLength=4000)
    metrics, events = validate(folder)
    # "<|im_start|>user\n" 6 + question 11 + "<|im_end|>\n" 2 + "<|im_start|>assistant\n" 11 tokens
    prompt = 30
    lengths = [prompt + 10, prompt + 11, prompt + 10, prompt + 1500]
    assert metrics["rows"] == 4
    assert metrics["tokensPerEpoch"] == sum(lengths) + 4
    assert metrics["lengths"] == {"p50": prompt + 11, "p90": prompt + 1500, "max": prompt + 1500}
    assert metrics["shareThatFits"] == {"1024": 0.75, "2048": 1.0, "4096": 1.0, "8192": 1.0}
    assert (metrics["duplicates"], metrics["emptyFields"]) == (1, 1)
    warnings = [event["message"] for event in events if event["type"] == "warning"]
    assert len(warnings) == 2
    found = details(folder)
    assert sum(bin_["rows"] for bin_ in found["histogram"]) == 4
    assert found["duplicateRows"] == [2]
    assert (metrics["rowsByRule"], metrics["droppedByRule"]) == ({"attempt": 4}, {})


def test_what_fits_is_counted_before_rows_are_replaced_or_dropped(folder: Path) -> None:
    rows = [s1k_row(1), s1k_row(2, trace=1500), s1k_row(3, attempt=3000), s1k_row(4, trace=9000)]
    converted(folder, rows, view="trace", maxLength=100, heldOutRows=1)
    metrics, _ = validate(folder)
    assert metrics["rows"] == 2 and metrics["droppedByRule"] == {"over_long": 1}
    assert metrics["lengths"]["max"] <= 100
    fits = {"1024": 0.25, "2048": 0.5, "4096": 0.75, "8192": 0.75}
    assert metrics["shareThatFits"] == fits


def test_overlap_with_questions_of_a_suite(folder: Path) -> None:
    converted(folder, [s1k_row(1), {**s1k_row(2), "question": "Well. " + GSM8K}])
    file = write_rows(folder / "gsm8k.jsonl", [{"question": GSM8K, "answer": "#### 8"}])
    suite = {"name": "gsm8k", "questions": 1, "seed": 0, "file": str(file)}
    metrics, _ = validate(folder, suites=[suite])
    assert metrics["overlap"] == {"gsm8k": 1}
    assert details(folder)["overlappingRows"] == {"gsm8k": [2]}


def test_the_instruction_is_no_overlap(folder: Path) -> None:
    """It would be one with every question that is asked with it."""
    row = {**s1k_row(1), "attempt": r"It is $\boxed{7}$."}
    converted(folder, [row], boxedInstruction=True)
    asked = f"What is seven? {BOXED_INSTRUCTION}"
    file = write_rows(folder / "gsm8k.jsonl", [{"question": asked, "answer": "#### 7"}])
    suite = {"name": "gsm8k", "questions": 1, "seed": 0, "file": str(file)}
    metrics, _ = validate(folder, suites=[suite])
    assert metrics["overlap"] == {"gsm8k": 0}


def test_rules_are_counted_and_cut_responses_warned_of(folder: Path) -> None:
    rows = [s1k_row(1), s1k_row(2, attempt=500), s1k_row(3, attempt=3)]
    converted(folder, rows, overLong="cut_right", maxLength=100, dropUnderTokens=5)
    metrics, events = validate(folder)
    assert metrics["rowsByRule"] == {"attempt": 1, "cut_right": 1}
    assert metrics["droppedByRule"] == {"too_short": 1}
    lengths = 40 + 100
    assert metrics["tokensPerEpoch"] == lengths + 1  # the cut response has no end token
    warnings = [event["message"] for event in events if event["type"] == "warning"]
    assert len(warnings) == 1 and "1 responses are cut before their end" in warnings[0]
    sample = (folder / "validated" / "sample.txt").read_text(encoding="utf-8")
    whole, cut = sample.split("=== document 2")
    assert "<|endoftext|>" in whole and "<|endoftext|>" not in cut


def test_damaged_suite_file_names_its_rows(folder: Path) -> None:
    converted(folder, [s1k_row(1)])
    file = write_rows(
        folder / "gsm8k.jsonl", [{"question": "a", "answer": "#### 1"}, b"{", {"other": 1}]
    )
    suite = {"name": "gsm8k", "questions": 1, "seed": 0, "file": str(file)}
    with pytest.raises(DataError) as caught:
        validate(folder, suites=[suite])
    assert [": ".join(m.split(": ")[:2]) for m in caught.value.mistakes] == [
        "gsm8k.jsonl: line 2",
        "gsm8k.jsonl: line 3",
    ]


def test_sample_shows_the_mask_boundary(folder: Path) -> None:
    converted(folder, [s1k_row(1)])
    validate(folder)
    sample = (folder / "validated" / "sample.txt").read_text(encoding="utf-8")
    prompt, response = sample.split("never masked")
    assert "Question 1?" in prompt
    assert "1" * 10 + "<|endoftext|>" in response


def test_held_out_question_in_training_is_reported(folder: Path) -> None:
    rows = [{**s1k_row(n), "question": "Same?"} for n in range(4)]
    converted(folder, rows, heldOutRows=2)
    validate(folder)
    assert details(folder)["heldOutAlsoInTraining"] == 2


def test_dataset_of_another_tokenizer_is_refused(folder: Path) -> None:
    converted(folder, [s1k_row(1)])
    path = folder / "converted" / "conversion.json"
    conversion = json.loads(path.read_text(encoding="utf-8"))
    conversion["tokenizer"]["maskId"] = 7
    write_json(path, conversion)
    with pytest.raises(DataError, match="another tokenizer"):
        validate(folder)


def test_rows_that_lost_a_line_are_refused(folder: Path) -> None:
    converted(folder, [s1k_row(1), s1k_row(2)])
    path = folder / "converted" / "rows.jsonl"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="1 rows for 2 documents"):
        validate(folder)
