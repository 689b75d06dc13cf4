"""gsm8k: grade-school word problems (GSM8K test set, Cobbe et al. 2021, openai/grade-school-math).

Example row of the JSONL file (shortened):
    {"question": "Janet's ducks lay 16 eggs per day. ... How much in dollars does she make?",
     "answer": "Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 duck eggs a day.\\n...\\n#### 18"}

Prompt: the question as one user turn, zero-shot, as the official Instruct evaluation does.
Gold: what follows the last `####`, thousands separators removed.
Rule: the number after the answer's last `####` if it has one, else inside its last \\boxed{},
else its last number ("flexible extract" of the common harness, with the box before it),
compared by value. Another rule moves the score by points: compare before and after inside this
one only.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dream_sft.evaluation.grading import final_answer, number_of
from dream_sft.evaluation.suites.suite import Question, Suite
from dream_sft.io.errors import DataError, SpecError

NAME = "gsm8k"
GOLD_MARK = "####"


def load(entry: Mapping[str, Any]) -> Suite:
    """The first `questions` rows of `file` in an order permuted by `seed`.

    Raises SpecError (no file named, too few rows in it) and DataError naming bad rows.
    """
    if not entry.get("file"):
        raise SpecError(f"suite {NAME}: file is missing; name the JSONL file of its test set")
    rows = _read(Path(entry["file"]))
    count = entry["questions"]
    if count > len(rows):
        raise SpecError(
            f"suite {NAME}: {count} questions asked for, {entry['file']} has {len(rows)}"
        )
    order = random.Random(f"gsm8k questions {entry.get('seed', 0)}").sample(range(len(rows)), count)
    return Suite(NAME, tuple(rows[i] for i in order), final_answer)


def _read(path: Path) -> list[Question]:
    try:
        # Not splitlines: JSON may hold a line separator (U+2028) as it is.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"suite {NAME}: {path} cannot be read ({error})") from error
    rows: list[Question] = []
    mistakes: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append(_question(number, json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            mistakes.append(f"row {number}: {error}")
    if mistakes:
        raise DataError(f"suite {NAME}: {path} is damaged; fetch it again", mistakes[:20])
    return rows


def _question(number: int, row: Any) -> Question:
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    for field in ("question", "answer"):
        if not isinstance(row.get(field), str) or not row[field].strip():
            raise ValueError(f"field {field} is missing or empty")
    _, mark, gold = row["answer"].rpartition(GOLD_MARK)
    gold = gold.strip().replace(",", "")
    if not mark or number_of(gold) is None:
        raise ValueError(f"field answer: no number after {GOLD_MARK}")
    return Question(f"{number}", row["question"].strip(), gold)
