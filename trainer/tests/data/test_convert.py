"""convert end to end on small rows: counts, bytes, held-out rows, refusals."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from dream_sft.data.chat import BOXED_INSTRUCTION
from dream_sft.data.convert import run
from dream_sft.data.dataset import load_dataset
from dream_sft.data.tokenizer import load_tokenizer
from dream_sft.io.errors import DataError
from dream_sft.io.events import check
from tests.data.small import convert_spec, s1k_row, write_rows, write_tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tokenizer(tmp_path / "tokenizer")
    return tmp_path


def convert(folder: Path, rows: list[Any], **changes: Any) -> dict[str, Any]:
    events: list[dict[str, Any]] = []
    file = write_rows(folder / "rows.jsonl", rows)
    result = run(convert_spec(folder, file, **changes), events.append)
    for event in [*events, result]:
        check(event)
    return result


def test_document_is_prompt_and_response_without_eos(folder: Path) -> None:
    convert(folder, [s1k_row(1)], systemPrompt="Be brief.")
    tokenizer = load_tokenizer(folder / "tokenizer")
    document = load_dataset(folder / "converted").document(0)
    ids = document.ids.tolist()
    assert tokenizer.decode(ids[: document.prompt_length]) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nQuestion 1?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert tokenizer.decode(ids[document.prompt_length :]) == "1" * 10
    assert not document.cut


def test_rows_by_rule_add_up_and_dropped_rows_are_named(folder: Path) -> None:
    rows = [s1k_row(1), s1k_row(2, trace=500), s1k_row(3, attempt=500), s1k_row(4)]
    metrics = convert(folder, rows, view="trace", maxLength=100)["metrics"]
    assert metrics["rowsByRule"] == {"attempt_only": 1, "trace": 2}
    assert (metrics["rowsRead"], metrics["rowsKept"], metrics["rowsDropped"]) == (4, 3, 1)
    assert (metrics["droppedRows"], metrics["droppedByRule"]) == ([3], {"over_long": 1})
    lengths = load_dataset(folder / "converted").lengths
    assert metrics["longest"] == lengths.max() <= 100
    assert metrics["promptTokens"] + metrics["responseTokens"] == lengths.sum()


def test_length_limit_is_inclusive(folder: Path) -> None:
    length = convert(folder, [s1k_row(1)])["metrics"]["longest"]
    assert convert(folder, [s1k_row(1)], maxLength=length)["metrics"]["rowsKept"] == 1
    with pytest.raises(DataError, match="no row is left"):
        convert(folder, [s1k_row(1)], maxLength=length - 1)


def test_cut_right_ends_a_response_at_the_limit_without_an_end(folder: Path) -> None:
    rows = [s1k_row(1), s1k_row(2, trace=500), {**s1k_row(3), "question": "Long? " * 60}]
    metrics = convert(folder, rows, view="trace", overLong="cut_right", maxLength=150)["metrics"]
    assert metrics["rowsByRule"] == {"cut_right": 1, "trace": 1}
    assert metrics["droppedByRule"] == {"over_long": 1}  # the prompt alone is too long
    data = load_dataset(folder / "converted")
    documents = [data.document(index) for index in range(2)]
    assert [document.cut for document in documents] == [False, True]
    assert len(documents[1].ids) == 150
    tokenizer = load_tokenizer(folder / "tokenizer")
    kept = tokenizer.decode(documents[1].ids[documents[1].prompt_length :].tolist())
    assert kept == "t" * (150 - documents[1].prompt_length)
    record = list(data.rows())[1]
    assert record["responseTokens"] == len(kept) and record["rule"] == "cut_right"


def test_short_responses_are_dropped_and_counted(folder: Path) -> None:
    rows = [s1k_row(1, attempt=9), s1k_row(2, attempt=10), s1k_row(3, attempt=500)]
    metrics = convert(folder, rows, dropUnderTokens=10)["metrics"]
    assert metrics["rowsByRule"] == {"attempt": 1}
    assert metrics["droppedByRule"] == {"over_long": 1, "too_short": 1}
    assert (metrics["rowsDropped"], metrics["droppedRows"]) == (2, [1, 3])
    with pytest.raises(DataError, match="1 over maxLength 200, 2 under dropUnderTokens 11"):
        convert(folder, rows, dropUnderTokens=11)


def test_questions_whose_attempt_boxes_its_answer_ask_for_it(folder: Path) -> None:
    rows = [s1k_row(1), {**s1k_row(2), "attempt": r"It is $\boxed{7}$."}]
    metrics = convert(folder, rows, boxedInstruction=True)["metrics"]
    assert metrics["rowsWithInstruction"] == 1
    data = load_dataset(folder / "converted")
    tokenizer = load_tokenizer(folder / "tokenizer")
    first, second = (data.document(index) for index in range(2))
    prompts = [tokenizer.decode(d.ids[: d.prompt_length].tolist()) for d in (first, second)]
    assert BOXED_INSTRUCTION not in prompts[0]
    assert f"Question 2?\n{BOXED_INSTRUCTION}<|im_end|>" in prompts[1]
    assert [row["question"] for row in data.rows()] == ["Question 1?", "Question 2?"]
    assert convert(folder, rows)["metrics"]["rowsWithInstruction"] == 0


def test_same_input_gives_the_same_bytes_and_true_digests(folder: Path) -> None:
    rows = [s1k_row(n) for n in range(5)]
    first = convert(folder, rows, heldOutRows=2)["files"]
    second = convert(folder, rows, heldOutRows=2, output=str(folder / "again"))["files"]
    assert first == second
    assert [entry["path"] for entry in first] == [
        "conversion.json",
        "documents.safetensors",
        "held_out.jsonl",
        "held_out.safetensors",
        "rows.jsonl",
    ]
    for entry in first:
        content = (folder / "again" / entry["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_held_out_rows_are_apart_and_follow_the_seed_not_the_order(folder: Path) -> None:
    rows = [s1k_row(n) for n in range(12)]

    def held_out(rows: list[Any], seed: int) -> set[int]:
        convert(folder, rows, heldOutRows=4, seed=seed)
        training = set(load_dataset(folder / "converted").sample_ids.tolist())
        apart = set(load_dataset(folder / "converted", held_out=True).sample_ids.tolist())
        assert len(training) == 8
        assert len(apart) == 4
        assert not training & apart
        return apart

    assert held_out(rows, 0) == held_out(rows[::-1], 0)
    assert held_out(rows, 0) != held_out(rows, 1)


def test_held_out_rows_of_an_earlier_conversion_do_not_stay(folder: Path) -> None:
    rows = [s1k_row(n) for n in range(3)]
    convert(folder, rows, heldOutRows=1)
    convert(folder, rows)
    assert len(load_dataset(folder / "converted", held_out=True)) == 0
    assert len(load_dataset(folder / "converted")) == 3


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("question", "<|mask|>?", "row 2: field 'question' holds the mask token"),
        ("attempt", "a <|mask|>", "row 2: the response holds the mask token"),
        ("attempt", "a <|endoftext|> b", "row 2: the response holds the end token"),
    ],
)
def test_control_tokens_in_texts_are_refused(
    folder: Path, field: str, text: str, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        convert(folder, [s1k_row(1), {**s1k_row(2), field: text}])
    assert message in caught.value.mistakes[0]


def test_damaged_rows_leave_an_earlier_conversion_alone(folder: Path) -> None:
    convert(folder, [s1k_row(1)])
    with pytest.raises(DataError):
        convert(folder, [s1k_row(2), b"half a r"])
    assert len(load_dataset(folder / "converted")) == 1


def test_conversion_records_settings_source_and_tokenizer(folder: Path) -> None:
    convert(folder, [s1k_row(1)])
    conversion = json.loads((folder / "converted" / "conversion.json").read_text("utf-8"))
    source = hashlib.sha256((folder / "rows.jsonl").read_bytes()).hexdigest()
    assert conversion["source"] == {"name": "rows.jsonl", "sha256": source}
    assert conversion["tokenizer"]["maskId"] == 259
    assert conversion["view"] == "attempt"


def test_s1k_itself_with_dreams_tokenizer(shared_data: Path, tmp_path: Path) -> None:
    spec = convert_spec(
        tmp_path,
        shared_data / "s1k" / "s1k_traces_58.jsonl",
        tokenizer=str(shared_data / "dream7b_tokenizer"),
        view="trace_if_fits",
        maxLength=4096,
    )
    metrics = run(spec, lambda event: None)["metrics"]
    assert metrics["rowsKept"] == 58
    assert metrics["rowsByRule"] == {"attempt": 40, "trace": 18}
    spec = {**spec, "view": "attempt", "boxedInstruction": True, "dropUnderTokens": 64}
    metrics = run(spec, lambda event: None)["metrics"]
    assert metrics["rowsWithInstruction"] == 40
    assert metrics["droppedByRule"] == {"too_short": 5}
