"""Rows in s1K's schema, from JSONL or Parquet, with every mistake named at once.

A row has `question` and, as far as the view needs them, `solution`, `thinking_trajectories` (a list
of texts, in s1K always one) and `attempt`; further columns are ignored.
Schema: the dataset card of simplescaling/s1K.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dream_sft.io.errors import DataError
from dream_sft.io.parquet import SUFFIX, read_parquet

MISTAKES_SHOWN = 20
SURROGATE = re.compile("[\ud800-\udfff]")
TEXT_FIELDS = ("question", "solution", "attempt")
TRACES = "thinking_trajectories"
NEEDED_BY_VIEW: Mapping[str, tuple[str, ...]] = {
    "attempt": ("question", "attempt"),
    "trace": ("question", TRACES, "attempt"),
    "trace_if_fits": ("question", TRACES, "attempt"),
    "solution": ("question", "solution"),
}


@dataclass(frozen=True)
class Row:
    """One row; `number` counts from 1 (in JSONL the line). `empty_fields` are those that are there
    and blank, which only a field that the view does not need may be."""

    number: int
    question: str
    solution: str | None
    traces: tuple[str, ...]
    attempt: str | None
    empty_fields: tuple[str, ...]

    @property
    def canonical_text(self) -> str:
        """What the row's sample id is made from: its known fields, whatever view is taken."""
        fields = [self.question, self.solution, list(self.traces), self.attempt]
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def find_file(path: str | Path) -> Path:
    """`path` itself, or the one JSONL or Parquet file in the folder `path`; raises DataError."""
    path = Path(path)
    if path.is_file():
        return path
    if not path.is_dir():
        raise DataError(f"{path}: no such file or folder; name the file that download fetched")
    found = sorted(
        p
        for p in path.rglob("*")
        if p.is_file()
        and p.suffix in (".jsonl", SUFFIX)
        and not any(part.startswith(".") for part in p.relative_to(path).parts)
    )
    if len(found) != 1:
        names = ", ".join(str(p.relative_to(path)) for p in found[:5]) or "none"
        raise DataError(
            f"{path}: expected one .jsonl or .parquet file, found {len(found)} ({names}); name one"
        )
    return found[0]


def read_rows(file: Path, view: str) -> list[Row]:
    """All rows of `file`, checked for `view`.

    Raises DataError with one line a mistake (file, row number, field), at most 20 of them, and for
    a file without rows.
    """
    rows: list[Row] = []
    mistakes: list[str] = []
    for number, record in _records(file):
        problems = [record] if isinstance(record, str) else _problems(record, view)
        if problems:
            mistakes += [f"{file.name}: row {number}: {problem}" for problem in problems]
        elif not isinstance(record, str):
            rows.append(_row(number, record))
    raise_mistakes(file, mistakes)
    if not rows:
        raise DataError(f"{file}: holds no rows; fetch it again")
    return rows


def raise_mistakes(file: Path, mistakes: list[str]) -> None:
    """Raises DataError with the first 20 mistakes, if there are any."""
    if not mistakes:
        return
    shown = mistakes[:MISTAKES_SHOWN]
    if len(mistakes) > MISTAKES_SHOWN:
        shown.append(f"and {len(mistakes) - MISTAKES_SHOWN} more")
    raise DataError(
        f"{file}: {len(mistakes)} mistake(s) in the data; correct these rows or fetch it again",
        shown,
    )


def _records(file: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Row number and the row, or what is wrong with it."""
    if file.suffix == SUFFIX:
        yield from enumerate(read_parquet(file, {*TEXT_FIELDS, TRACES}), start=1)
        return
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _json_record(line)
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror})") from error


def _json_record(line: bytes) -> dict[str, Any] | str:
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return f"not UTF-8 text (byte {error.start + 1})"
    except json.JSONDecodeError as error:
        return f"not JSON ({error.msg} at column {error.colno})"
    except RecursionError:
        return "not a row (nested too deeply)"
    return record if isinstance(record, dict) else "not a JSON object"


def _problems(record: Mapping[str, Any], view: str) -> list[str]:
    needed = NEEDED_BY_VIEW[view]
    problems = []
    for name in (*TEXT_FIELDS, TRACES):
        value = record.get(name)
        if value is None:
            problem = "is missing" if name in needed else None
        else:
            problem = _type_problem(name, value)
            if problem is None and name in needed and _blank(value):
                problem = "is empty"
        if problem:
            problems.append(f"field '{name}' {problem}" + _view_hint(name, problem, view))
    return problems


def _view_hint(name: str, problem: str, view: str) -> str:
    return f" (view {view} needs it)" if problem == "is missing" and name != "question" else ""


def _type_problem(name: str, value: Any) -> str | None:
    if name == TRACES:
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            return f"should be a list of texts, not {_kind(value)}"
        texts = value
    elif isinstance(value, str):
        texts = [value]
    else:
        return f"should be text, not {_kind(value)}"
    if any(SURROGATE.search(text) for text in texts):
        return "holds half of a UTF-16 pair, which is no character"
    return None


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", dict: "an object"}
    return names.get(type(value), "text" if isinstance(value, str) else "a list of other things")


def _blank(value: Any) -> bool:
    return not any(text.strip() for text in ([value] if isinstance(value, str) else value))


def _row(number: int, record: Mapping[str, Any]) -> Row:
    names = [name for name in (*TEXT_FIELDS, TRACES) if record.get(name) is not None]
    return Row(
        number=number,
        question=record["question"],
        solution=record.get("solution"),
        traces=tuple(record.get(TRACES) or ()),
        attempt=record.get("attempt"),
        empty_fields=tuple(name for name in names if _blank(record[name])),
    )
