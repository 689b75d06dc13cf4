"""Reading a suite's file: JSONL or Parquet, every mistake named with file, line and field."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dream_sft.evaluation.suites.suite import Question
from dream_sft.io.errors import DataError, SpecError
from dream_sft.io.parquet import SUFFIX, read_parquet

MISTAKES_SHOWN = 20


class RowError(ValueError):
    """A field of a row is wrong; the message begins with the field's name."""


def read_questions(
    name: str, entry: Mapping[str, Any], parse: Callable[[int, Mapping[str, Any]], Question]
) -> list[Question]:
    """Every row of `entry["file"]` as `parse` reads it; line numbers count from 1, in either
    kind of file.

    Raises SpecError when no file is named, DataError with `file: line 3: field answer ...`.
    """
    if not entry.get("file"):
        raise SpecError(f"suite {name}: file is missing; name the file of its questions")
    path = Path(entry["file"])
    rows: list[Question] = []
    mistakes: list[str] = []
    for number, row in _rows(name, path):
        try:
            rows.append(parse(number, _object(row) if isinstance(row, str) else row))
        except RowError as error:
            mistakes.append(f"{path.name}: line {number}: {error}")
    ids = [row.id for row in rows]
    mistakes += [
        f"{path.name}: id {i!r} stands twice" for i in sorted(set(ids)) if ids.count(i) > 1
    ]
    if mistakes:
        raise DataError(
            f"suite {name}: {path} is damaged; correct it or fetch it again",
            mistakes[:MISTAKES_SHOWN],
        )
    return rows


def _rows(name: str, path: Path) -> Iterator[tuple[int, str | Mapping[str, Any]]]:
    if path.suffix == SUFFIX:
        yield from enumerate(read_parquet(path), 1)
        return
    try:
        # Not splitlines: JSON may hold a line separator (U+2028) as it is.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"suite {name}: {path} cannot be read ({error})") from error
    yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _object(line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise RowError(f"no JSON ({error})") from error
    if not isinstance(row, dict):
        raise RowError("not a JSON object")
    return row


def text_of(row: Mapping[str, Any], field: str) -> str:
    """The text of a field, stripped. Raises RowError when it is missing, empty or no text."""
    value = row.get(field)
    if field not in row:
        raise RowError(f"field {field} is missing")
    if not isinstance(value, str) or not value.strip():
        raise RowError(f"field {field} is empty or no text")
    return value.strip()


def chosen(name: str, entry: Mapping[str, Any], rows: Sequence[Question]) -> tuple[Question, ...]:
    """The first `questions` rows in an order permuted by `seed`. SpecError: too few rows."""
    count = entry["questions"]
    if count > len(rows):
        raise SpecError(
            f"suite {name}: {count} questions asked for, {entry['file']} has {len(rows)}"
        )
    order = random.Random(f"{name} questions {entry.get('seed', 0)}").sample(
        range(len(rows)), count
    )
    return tuple(rows[i] for i in order)
