"""Every suite: a model that answers everything right has 100 %, one that is silent 0 %."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dream_sft.evaluation.run import ask
from dream_sft.evaluation.suites import SUITES, Question, Suite, load_suite
from tests.evaluation.made import TOKENIZER, scripted

# Rows of each suite's file; those of Dream's own evaluation begin with eight shots.
COUNTDOWN = {
    3: {"input": "15,44,79,50", "output": "44-15=29,79-29=50"},
    4: {"input": "1,3,3,6,6", "output": "1*3=3,3/3=1,1*6=6"},
    5: {"input": "1,2,3,4,5,15", "output": "1+2=3,3+3=6,6+4=10,10+5=15"},
}
SUDOKU = {"input": "1003\n0300\n3210\n4132", "output": "1423\n2341\n3214\n4132"}
MATH = {"solution": "", "subject": "Algebra", "level": 1}
ROWS: dict[str, list[dict[str, Any]]] = {
    "gsm8k": [{"question": f"q{n}?", "answer": f"so\n#### {n},000"} for n in (1, 2)],
    "math500": [
        {**MATH, "problem": f"p{answer}?", "answer": answer, "unique_id": answer}
        for answer in (r"\frac{1}{2}", r"\left( 3, \frac{\pi}{2} \right)", r"\text{Navin}")
    ],
    **{f"cd{n}": [row] * 9 for n, row in COUNTDOWN.items()},
    "sudoku": [SUDOKU] * 9,
    "custom": [
        {"question": f"{grader}?", "answer": answer, "grader": grader}
        for grader, answer in (
            ("number", "42"), ("last-number", "3/4"), ("text", "Paris"), ("choice", "B"),
            ("math", r"\sqrt{2}"),
        )
    ],
}  # fmt: skip


def suite_of(folder: Path, name: str) -> Suite:
    if name == "arithmetic":
        return load_suite({"name": name, "questions": 5})
    file = folder / f"{name}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS[name]))
    questions = len(ROWS[name]) - (8 if len(ROWS[name]) == 9 else 0)
    return load_suite({"name": name, "questions": questions, "file": str(file)})


def mathematical(suite: Suite, question: Question) -> bool:
    """Whether the answer has to be in a box, as the prompt of such questions says."""
    return suite.name == "math500" or question.grader == "math"


@pytest.mark.parametrize("name", SUITES)
def test_all_right_and_silent(tmp_path: Path, name: str) -> None:
    suite = suite_of(tmp_path, name)
    n = len(suite.questions)
    boxed = {q.id: f"\\boxed{{{q.gold}}}" for q in suite.questions if mathematical(suite, q)}
    right = ask(scripted(suite, boxed, canvas=64), TOKENIZER, suite)
    assert (right.n, right.correct, right.unreadable, right.empty) == (n, n, 0, 0)
    silent = ask(scripted(suite, None, canvas=64), TOKENIZER, suite)
    assert (silent.n, silent.correct, silent.unreadable, silent.empty) == (n, 0, n, n)
