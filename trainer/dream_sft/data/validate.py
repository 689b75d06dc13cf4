"""validate: what a converted dataset holds, before money is spent on training with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dream_sft.data.chat import CUT_RIGHT
from dream_sft.data.dataset import Dataset, load_dataset, read_conversion
from dream_sft.data.overlap import OverlapIndex, normalised
from dream_sft.data.sample_text import sample_text
from dream_sft.data.suite_questions import suite_questions
from dream_sft.data.tokenizer import Tokenizer, load_tokenizer
from dream_sft.io.errors import DataError
from dream_sft.io.files import file_entries, write_atomic

Emit = Callable[[dict[str, Any]], None]
PROGRESS_ROWS = 200
ROWS_NAMED = 20
HISTOGRAM_EDGES = (0, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)


def run(spec: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Looks through `spec["dataset"]` (schemas/validate-spec.schema.json); the result event.

    Writes validation.json and sample.txt. Raises DataError when the dataset is damaged, does not
    belong to the tokenizer, or holds ids that the tokenizer does not know.
    """
    folder = Path(spec["dataset"])
    conversion = read_conversion(folder)
    dataset = load_dataset(folder)
    tokenizer = load_tokenizer(spec["tokenizer"])
    _check_ids(dataset, tokenizer, conversion)
    rows = _rows(dataset)
    overlap = _overlap(rows, spec["suites"], emit)
    duplicates = _duplicates(rows)
    metrics = _metrics(dataset, rows, duplicates, overlap, conversion["metrics"])
    details = {
        "metrics": metrics,
        "histogram": _histogram(dataset.lengths),
        "duplicateRows": duplicates[:ROWS_NAMED],
        "overlappingRows": {suite: found[:ROWS_NAMED] for suite, found in overlap.items()},
        "heldOutAlsoInTraining": _held_out_in_training(folder, rows),
        "conversion": conversion,
    }
    _warn(details, emit)
    return _write(Path(spec["output"]), details, sample_text(dataset, tokenizer, _rules(rows)))


def _check_ids(dataset: Dataset, tokenizer: Tokenizer, conversion: dict[str, Any]) -> None:
    made_with = conversion["tokenizer"]
    now = {
        "name": tokenizer.name,
        "vocabSize": tokenizer.vocab_size,
        "eosId": tokenizer.eos_id,
        "padId": tokenizer.pad_id,
        "maskId": tokenizer.mask_id,
    }
    mistakes = [
        f"{key} was {made_with.get(key)!r}, is {value!r}"
        for key, value in now.items()
        if made_with.get(key) != value
    ]
    if mistakes:
        raise DataError(
            f"{dataset.folder}: converted with another tokenizer; run convert again", mistakes
        )
    if len(dataset) == 0:
        raise DataError(f"{dataset.folder}: holds no documents; run convert again")
    unknown = (dataset.ids < 0) | (dataset.ids >= tokenizer.vocab_size)
    if unknown.any() or (dataset.ids == tokenizer.mask_id).any():
        raise DataError(f"{dataset.folder}: holds unknown or mask token ids; run convert again")


def _rows(dataset: Dataset) -> list[dict[str, Any]]:
    rows = list(dataset.rows())
    if len(rows) != len(dataset):
        raise DataError(
            f"{dataset.rows_file}: {len(rows)} rows for {len(dataset)} documents; run convert again"
        )
    wrong = [
        f"row {row['row']}: sample {row['sampleId']} has other ids than its texts say"
        for index, row in enumerate(rows)
        if int(row["sampleId"], 16) != int(dataset.sample_ids[index])
        or row["promptTokens"] + row["responseTokens"] != dataset.lengths[index]
    ]
    if wrong:
        raise DataError(f"{dataset.rows_file}: does not match the ids; run convert again", wrong)
    return rows


def _rules(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["rule"] for row in rows]


def _overlap(
    rows: Sequence[dict[str, Any]], suites: Sequence[dict[str, Any]], emit: Emit
) -> dict[str, list[int]]:
    """Suite → numbers of the training rows that hold one of its questions."""
    found: dict[str, list[int]] = {}
    for suite in suites:
        name = suite["name"]
        index = OverlapIndex(suite_questions(suite))
        hits = found.setdefault(name, [])
        for done, row in enumerate(rows, start=1):
            if index.found_in(row["question"], row["response"]) and row["row"] not in hits:
                hits.append(row["row"])
            if done % PROGRESS_ROWS == 0 or done == len(rows):
                emit(
                    {
                        "type": "progress",
                        "what": f"rows compared with {name}",
                        "done": done,
                        "total": len(rows),
                        "unit": "rows",
                    }
                )
    return found


def _duplicates(rows: Sequence[dict[str, Any]]) -> list[int]:
    """Numbers of the rows whose question (normalised) an earlier row already has."""
    seen: set[str] = set()
    repeated = []
    for row in rows:
        question = normalised(row["question"])
        if question in seen:
            repeated.append(row["row"])
        seen.add(question)
    return repeated


def _metrics(
    dataset: Dataset,
    rows: Sequence[dict[str, Any]],
    duplicates: Sequence[int],
    overlap: dict[str, list[int]],
    read: dict[str, Any],
) -> dict[str, Any]:
    """ValidateMetrics, of the training rows; `read` is of all rows that convert read: what is
    left of them would hide those that did not fit."""
    lengths = dataset.lengths
    p50, p90 = np.percentile(lengths, [50, 90], method="higher")
    return {
        "rows": len(dataset),
        "tokensPerEpoch": int(lengths.sum()) + int((dataset.cut == 0).sum()),
        "rowsByRule": dict(sorted(Counter(row["rule"] for row in rows).items())),
        "droppedByRule": read.get("droppedByRule", {}),
        "lengths": {"p50": int(p50), "p90": int(p90), "max": int(lengths.max())},
        "shareThatFits": read.get("shareThatFits", {}),
        "duplicates": len(duplicates),
        "emptyFields": sum(len(row["emptyFields"]) for row in rows),
        "overlap": {suite: len(found) for suite, found in overlap.items()},
    }


def _histogram(lengths: NDArray[np.int64]) -> list[dict[str, int | None]]:
    """Rows by tokens of prompt and response: from ≤ length < to; the last bin has no end."""
    counts, _ = np.histogram(lengths, bins=[*HISTOGRAM_EDGES, np.iinfo(np.int64).max])
    ends = [*HISTOGRAM_EDGES[1:], None]
    return [
        {"from": start, "to": end, "rows": int(count)}
        for start, end, count in zip(HISTOGRAM_EDGES, ends, counts, strict=True)
    ]


def _held_out_in_training(folder: Path, rows: Sequence[dict[str, Any]]) -> int:
    held_out = load_dataset(folder, held_out=True)
    if len(held_out) == 0:
        return 0
    training = {normalised(row["question"]) for row in rows}
    return sum(normalised(row["question"]) in training for row in held_out.rows())


def _warn(details: dict[str, Any], emit: Emit) -> None:
    metrics = details["metrics"]
    said = [
        (metrics["duplicates"], "rows repeat the question of an earlier row"),
        (metrics["emptyFields"], "fields are empty"),
        (
            metrics["rowsByRule"].get(CUT_RIGHT, 0),
            "responses are cut before their end (cut_right): they teach answers that do not follow",
        ),
        (details["heldOutAlsoInTraining"], "held-out questions are also in the training rows"),
        *((n, f"training rows hold questions of {s}") for s, n in metrics["overlap"].items()),
    ]
    for count, what in said:
        if count:
            emit({"type": "warning", "message": f"{count} {what}; see validation.json"})


def _write(output: Path, details: dict[str, Any], sample: str) -> dict[str, Any]:
    text = json.dumps(details, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    write_atomic(output / "validation.json", text.encode("utf-8"))
    write_atomic(output / "sample.txt", sample.encode("utf-8"))
    return {
        "type": "result",
        "command": "validate",
        "folder": str(output),
        "files": file_entries(output, [output / "sample.txt", output / "validation.json"]),
        "metrics": details["metrics"],
    }
