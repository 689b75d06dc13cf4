"""The evaluation questions that validate looks for in the training rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dream_sft.io.errors import DataError


def suite_questions(suite: Mapping[str, Any]) -> list[str]:
    """Question texts of one suite entry of the spec.

    gsm8k: every question of the file, not only those that will be asked (a training row that holds
    any of them teaches the suite). Other suites: the questions that evaluation will ask. Raises
    DataError for a damaged file, and what loading the suite raises.
    """
    if suite["name"] == "gsm8k":
        return _questions_of_file(Path(suite["file"]))
    # Imported here: convert and download do not need the evaluation package.
    from dream_sft.evaluation.suites import load_suite

    return [item.question for item in load_suite(suite).questions]


def _questions_of_file(path: Path) -> list[str]:
    try:
        # Not splitlines: JSON may hold a line separator (U+2028) as it is.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); correct suites.file") from error
    questions, mistakes = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = json.loads(line)["question"]
        except (ValueError, KeyError, TypeError):
            question = None
        if isinstance(question, str):
            questions.append(question)
        else:
            mistakes.append(f"{path.name}: row {number}: no JSON object with a text 'question'")
    if mistakes:
        raise DataError(f"{path}: not a file of questions", mistakes[:20])
    return questions
