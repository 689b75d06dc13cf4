"""Answers on disk: one JSON line each, flushed before going on."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from dream_sft.io.errors import DataError
from dream_sft.io.files import write_atomic


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One line. `harness` is the digest of everything but the weights that the answer depends on
    (suite, version, sampling, prompt, tokenizer, batch shape), `settings` that of all together."""

    suite: str
    version: int  # of the suite
    id: str
    question: str  # without instructions
    gold: str
    subject: str | None
    answer: str  # text before the first end token, special tokens spelt out
    extracted: str | None
    correct: bool
    readable: bool
    tokens: int  # before the first end token
    first_eos: int | None  # its place in the canvas; None: the canvas ended first
    truncated: bool  # the canvas ended before the answer did
    seconds: float  # since the answer finished before it: only their sum tells anything
    harness: str
    settings: str

    @property
    def empty(self) -> bool:
        """Whether it is nothing but end tokens."""
        return self.first_eos == 0


def read_answers(path: Path, suite: str | None = None) -> list[Answer]:
    """The answers in `path` (of one suite), [] when there is no file.

    A torn last line, which a killed writer leaves, is passed over. Raises DataError with every
    other line that is no answer.
    """
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error})") from error
    *lines, _torn = text.split("\n")
    answers: list[Answer] = []
    mistakes: list[str] = []
    for number, line in enumerate(lines, 1):
        try:
            answers.append(_answer(json.loads(line)))
        except (ValueError, TypeError) as error:
            mistakes.append(f"line {number}: {error}")
    if mistakes:
        raise DataError(
            f"{path} is damaged; delete it and evaluate again, or restore it", mistakes[:20]
        )
    return [answer for answer in answers if suite is None or answer.suite == suite]


def append_answers(path: Path, answers: Sequence[Answer]) -> None:
    """Add answers in one write and flush it to the disk. Raises OSError (disk full)."""
    with path.open("ab") as handle:
        handle.write(_lines(answers))
        handle.flush()
        os.fsync(handle.fileno())


def rewrite_answers(path: Path, answers: Sequence[Answer]) -> None:
    """Replace the file by exactly `answers`, whole or not at all."""
    write_atomic(path, _lines(answers))


def _lines(answers: Sequence[Answer]) -> bytes:
    return "".join(json.dumps(asdict(a), ensure_ascii=False) + "\n" for a in answers).encode()


_TYPES: dict[str, tuple[type, ...]] = {
    "version": (int,),
    "subject": (str, type(None)),
    "truncated": (bool,),
    "correct": (bool,),
    "readable": (bool,),
    "tokens": (int,),
    "first_eos": (int, type(None)),
    "seconds": (int, float),
    "extracted": (str, type(None)),
}


def _answer(record: Any) -> Answer:
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    names = [field.name for field in fields(Answer)]
    missing = [name for name in names if name not in record]
    if missing:
        raise ValueError(f"no field {', '.join(missing)}")
    wrong = [name for name in names if not isinstance(record[name], _TYPES.get(name, (str,)))]
    if wrong:
        raise ValueError(f"wrong type of field {', '.join(wrong)}")
    return Answer(**{name: record[name] for name in names})
