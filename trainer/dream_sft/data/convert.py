"""convert: rows of s1K → chat → token ids with prompt lengths, as a folder that training reads."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dream_sft.data.chat import (
    BOXED_INSTRUCTION,
    OVER_LONG,
    TOO_SHORT,
    Choice,
    boxes_answer,
    choose,
    messages_of,
)
from dream_sft.data.dataset import (
    CONVERSION_FILE,
    HELD_OUT,
    TRAINING,
    Document,
    dataset_bytes,
    rows_bytes,
    sample_ids,
)
from dream_sft.data.s1k import Row, find_file, raise_mistakes, read_rows
from dream_sft.data.tokenizer import Tokenizer, load_tokenizer
from dream_sft.io.errors import DataError, TrainerError
from dream_sft.io.files import file_entries, sha256_file, write_atomic

Emit = Callable[[dict[str, Any]], None]
PROGRESS_ROWS = 200
DROPPED_SHOWN = 50
FITS = (1024, 2048, 4096, 8192)


@dataclass(frozen=True)
class Converted:
    """A row, its document (None: dropped) and what rows.jsonl says about it.

    asked: tokens of prompt and response as the view asks for it, whatever became of the row.
    """

    row: Row
    rule: str
    document: Document | None
    record: dict[str, Any]
    asked: int


def run(spec: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Converts `spec` (schemas/convert-spec.schema.json, defaults filled in); the result event.

    Raises DataError for damaged rows, a damaged tokenizer, or when no row is left to train on.
    """
    source = find_file(spec["dataset"])
    tokenizer = load_tokenizer(spec["tokenizer"])
    rows = read_rows(source, spec["view"])
    converted = _convert_rows(rows, source, tokenizer, spec, emit)
    kept = [item for item in converted if item.document is not None]
    held_out = _held_out(kept, spec["heldOutRows"], spec["seed"])
    training = [item for item in kept if item.row.number not in held_out]
    if not training:
        raise _nothing_left(source, converted, len(held_out), spec)
    metrics = _metrics(converted, training, held_out, tokenizer)
    output = Path(spec["output"])
    files = _content(training, [item for item in kept if item.row.number in held_out])
    files[CONVERSION_FILE] = _conversion(spec, source, tokenizer, metrics)
    # conversion.json goes first and comes last: without it nobody takes the folder for a dataset.
    for stale in {CONVERSION_FILE, *HELD_OUT}:
        (output / stale).unlink(missing_ok=True)
    for name, content in files.items():
        write_atomic(output / name, content)
    return {
        "type": "result",
        "command": "convert",
        "folder": str(output),
        "files": file_entries(output, [output / name for name in files]),
        "metrics": metrics,
    }


def _convert_rows(
    rows: Sequence[Row], source: Path, tokenizer: Tokenizer, spec: dict[str, Any], emit: Emit
) -> list[Converted]:
    ids = sample_ids(row.canonical_text for row in rows)
    converted: list[Converted] = []
    mistakes: list[str] = []
    for done, (row, sample_id) in enumerate(zip(rows, ids, strict=True), start=1):
        try:
            item = convert_row(row, sample_id, tokenizer, spec)
        except TrainerError as error:
            mistakes.append(f"{source.name}: row {row.number}: {error.message}")
            continue
        converted.append(item)
        if done % PROGRESS_ROWS == 0 or done == len(rows):
            emit(
                {
                    "type": "progress",
                    "what": "rows converted",
                    "done": done,
                    "total": len(rows),
                    "unit": "rows",
                }
            )
    raise_mistakes(source, mistakes)
    return converted


def convert_row(row: Row, sample_id: int, tokenizer: Tokenizer, spec: dict[str, Any]) -> Converted:
    """One row as a document under the view settings of `spec`.

    Prompt and response are tokenised apart and joined, as the official trainer does (Dream,
    src/trainer/sft_dataset.py). Raises DataError when a text holds a mask or end token.
    """
    boxed = spec["boxedInstruction"] and boxes_answer(row, spec["view"])
    messages = messages_of(row, spec["systemPrompt"], BOXED_INSTRUCTION if boxed else None)
    prompt = tokenizer.chat_text(messages, add_generation_prompt=True)
    prompt_ids = tokenizer.encode(prompt)
    encoded: dict[str, list[int]] = {}

    def fits(response: str) -> bool:
        encoded[response] = tokenizer.encode(response)
        return bool(len(prompt_ids) + len(encoded[response]) <= spec["maxLength"])

    choice = choose(row, spec["view"], spec["overLong"], fits)
    # What fits was asked of first is the view's own response; others would take its place.
    asked = len(prompt_ids) + len(next(iter(encoded.values())))
    if choice.response is not None and len(encoded[choice.response]) < spec["dropUnderTokens"]:
        choice = Choice(TOO_SHORT, None)
    if choice.cut and len(prompt_ids) >= spec["maxLength"]:
        choice = Choice(OVER_LONG, None)  # the prompt leaves nothing to learn
    if choice.response is None:
        return Converted(row, choice.rule, None, {}, asked)
    response_ids = encoded[choice.response]
    _refuse_control_tokens(prompt_ids, response_ids, tokenizer)
    ids = np.array(prompt_ids + response_ids, dtype=np.int32)[: spec["maxLength"]]
    record = {
        "row": row.number,
        "sampleId": f"{sample_id:016x}",
        "rule": choice.rule,
        "question": row.question,
        "prompt": prompt,
        "response": choice.response,
        "promptTokens": len(prompt_ids),
        "responseTokens": len(ids) - len(prompt_ids),
        "boxedInstruction": boxed,
        "emptyFields": list(row.empty_fields),
    }
    document = Document(sample_id, ids, len(prompt_ids), choice.cut)
    return Converted(row, choice.rule, document, record, asked)


def _refuse_control_tokens(
    prompt_ids: list[int], response_ids: list[int], tokenizer: Tokenizer
) -> None:
    """A mask in a text would be taken for noise, an end token for the answer's end."""
    if tokenizer.mask_id in prompt_ids:
        raise DataError("field 'question' holds the mask token as text")
    for name, token in (("mask", tokenizer.mask_id), ("end", tokenizer.eos_id)):
        if token in response_ids:
            raise DataError(f"the response holds the {name} token as text")


def _held_out(kept: Sequence[Converted], count: int, seed: int) -> set[int]:
    """Row numbers of `count` rows: those with the smallest sha256 of seed and text, so that equal
    rows stand together and the choice does not depend on row order."""

    def rank(item: Converted) -> tuple[bytes, int]:
        text = f"held-out {seed}\n{item.row.canonical_text}"
        return hashlib.sha256(text.encode("utf-8")).digest(), item.row.number

    return {item.row.number for item in sorted(kept, key=rank)[:count]}


def _nothing_left(
    source: Path, converted: Sequence[Converted], held_out: int, spec: dict[str, Any]
) -> DataError:
    dropped = Counter(item.rule for item in converted if item.document is None)
    return DataError(
        f"{source}: no row is left to train on ({len(converted)} read, {dropped[OVER_LONG]} over "
        f"maxLength {spec['maxLength']}, {dropped[TOO_SHORT]} under dropUnderTokens "
        f"{spec['dropUnderTokens']}, {held_out} held out); change these settings"
    )


def _content(training: Sequence[Converted], held_out: Sequence[Converted]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for (arrays, rows), items in ((TRAINING, training), (HELD_OUT, held_out)):
        if items:
            files[arrays] = dataset_bytes([item.document for item in items if item.document])
            files[rows] = rows_bytes(item.record for item in items)
    return files


def _metrics(
    converted: Sequence[Converted],
    training: Sequence[Converted],
    held_out: set[int],
    tokenizer: Tokenizer,
) -> dict[str, Any]:
    """ConvertMetrics. `rowsByRule` counts training and held-out rows; token counts and `longest`
    are those of the training rows, without EOS. `shareThatFits` is of all rows read."""
    dropped = [item for item in converted if item.document is None]
    prompt = sum(item.record["promptTokens"] for item in training)
    response = sum(item.record["responseTokens"] for item in training)
    rules = Counter(item.rule for item in converted if item.document is not None)
    asked = np.array([item.asked for item in converted])
    return {
        "rowsRead": len(converted),
        "rowsKept": len(training),
        "rowsHeldOut": len(held_out),
        "rowsByRule": dict(sorted(rules.items())),
        "shareThatFits": {str(limit): float((asked <= limit).mean()) for limit in FITS},
        "rowsDropped": len(dropped),
        "droppedByRule": dict(sorted(Counter(item.rule for item in dropped).items())),
        "droppedRows": [item.row.number for item in dropped[:DROPPED_SHOWN]],
        "rowsWithInstruction": sum(item.record["boxedInstruction"] for item in training),
        "promptTokens": prompt,
        "responseTokens": response,
        "longest": max(len(item.document.ids) for item in training if item.document),
        "tokenizer": tokenizer.name,
    }


def _conversion(
    spec: dict[str, Any], source: Path, tokenizer: Tokenizer, metrics: dict[str, Any]
) -> bytes:
    settings = (
        "view",
        "overLong",
        "maxLength",
        "systemPrompt",
        "boxedInstruction",
        "dropUnderTokens",
        "heldOutRows",
        "seed",
    )
    conversion = {
        "version": 1,
        **{name: spec[name] for name in settings},
        "source": {"name": source.name, "sha256": sha256_file(source)},
        "tokenizer": {
            "name": tokenizer.name,
            "vocabSize": tokenizer.vocab_size,
            "eosId": tokenizer.eos_id,
            "padId": tokenizer.pad_id,
            "maskId": tokenizer.mask_id,
        },
        "metrics": metrics,
    }
    return (json.dumps(conversion, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
