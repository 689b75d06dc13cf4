"""Answers of several shards or attempts as one list, in the suite's own order of questions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dream_sft.evaluation.answers import Answer, read_answers
from dream_sft.io.errors import DataError
from dream_sft.io.files import file_entry, write_atomic

ANSWERS, SCORES = "answers.jsonl", "scores.json"
Suites = dict[str, list[Answer]]


def gather(paths: Sequence[str | Path]) -> Suites:
    """Suite → its answers, from files or folders that hold answers.jsonl, sorted by question id.

    Equal answers may stand in several files. Raises DataError: no such file, damaged lines, no
    answers at all, one question answered in two ways, one suite under two settings.
    """
    found: dict[tuple[str, str], Answer] = {}
    mistakes: list[str] = []
    settings: dict[str, set[str]] = {}
    for path in map(_file, paths):
        for answer in read_answers(path):
            key = (answer.suite, answer.id)
            settings.setdefault(answer.suite, set()).add(answer.settings)
            if key in found and found[key].answer != answer.answer:
                mistakes.append(f"{answer.suite} {answer.id}: answered twice, in different ways")
            found.setdefault(key, answer)
    mistakes += [
        f"{suite}: answers made under {len(kinds)} different settings"
        for suite, kinds in settings.items()
        if len(kinds) > 1
    ]
    named = ", ".join(str(path) for path in paths)
    if mistakes:
        raise DataError(f"these answers do not belong together: {named}", mistakes[:20])
    if not found:
        raise DataError(f"no answers in {named}; evaluate first")
    suites: Suites = {}
    for (suite, _), answer in sorted(found.items(), key=lambda item: _natural(item[0])):
        suites.setdefault(suite, []).append(answer)
    return suites


def _natural(key: tuple[str, str]) -> tuple[str, int, str]:
    """Numbers by size, then other ids by text."""
    suite, name = key
    return suite, int(name) if name.isdecimal() else -1, name


def _file(path: str | Path) -> Path:
    file = Path(path) / ANSWERS if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise DataError(f"{path}: no answers there; name {ANSWERS} or the folder that holds it")
    return file


def paired(
    before: Suites, after: Suites, *, same_harness: bool = True
) -> dict[str, tuple[list[Answer], list[Answer]]]:
    """Suite → the same questions in the same order on both sides.

    Raises DataError naming every suite or question that only one side has, and suites whose version
    or (with `same_harness`) settings apart from the weights differ: such scores do not compare.
    """
    mistakes = [f"{name}: on one side only" for name in sorted(before.keys() ^ after.keys())]
    for name in sorted(before.keys() & after.keys()):
        ours, theirs = before[name], after[name]
        mistakes += [
            f"{name} {one}: on one side only"
            for one in sorted({a.id for a in ours} ^ {a.id for a in theirs})
        ]
        if {a.version for a in ours} != {a.version for a in theirs}:
            mistakes.append(f"{name}: other versions of the suite")
        elif same_harness and {a.harness for a in ours} != {a.harness for a in theirs}:
            mistakes.append(f"{name}: other sampling, prompt, tokenizer, questions or batch shape")
    if mistakes:
        raise DataError("the two sides cannot be compared", mistakes[:20])
    return {name: (before[name], after[name]) for name in before}


def complete(suites: Suites, questions: Mapping[str, int]) -> None:
    """Raises DataError naming every suite that has not as many answers as it must have."""
    mistakes = [
        f"{name}: {len(suites.get(name, []))} answers, {questions.get(name, 0)} expected"
        for name in sorted(suites.keys() | questions.keys())
        if len(suites.get(name, [])) != questions.get(name, 0)
    ]
    if mistakes:
        raise DataError("the answers are not complete; evaluate the missing shards", mistakes)


def result_of(command: str, folder: Path, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The result event of answers in `folder`; writes scores.json beside them."""
    text = json.dumps(metrics, indent=2, ensure_ascii=False) + "\n"
    write_atomic(folder / SCORES, text)
    return {
        "type": "result",
        "command": command,
        "folder": str(folder),
        "files": [file_entry(folder, name) for name in (ANSWERS, SCORES)],
        "metrics": metrics,
    }
