"""Answers that mean the same in other words, and those that only look alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dream_sft.evaluation import math_grading
from dream_sft.evaluation.math_grading import grade_mathematics, same
from dream_sft.io.errors import SpecError

EQUAL = [
    ("40", "40_9"),
    (r"2^{10}", "1024"),
    ("25", "5^2"),
    (r"11\sqrt{2}", r"11\sqrt2"),
    ("4210_5", "4210_{5}"),
    (r"1+\sqrt{19}, 1-\sqrt{19}", r"1 \pm \sqrt{19}"),
    (
        r"\begin{bmatrix} -7 \\ 16 \\ 5 \end{bmatrix}",
        r"\begin{pmatrix} -7 \\ 16 \\ 5 \end{pmatrix}",
    ),
    (r"(-\infty,2)\cup(3,\infty)", r"(-\infty, 2) \cup (3, \infty)"),
    ("-3/8", r"-\frac{3}{8}"),
    (r"\text{Navin}", "Navin"),
    ("6+9i", "9i+6"),
    (r"\frac12", r"\dfrac{1}{2}"),
    ("0.5", r"\frac{1}{2}"),
    (r"1\frac{4}{5}", "9/5"),
    ("58500", "58,500"),
    (r"10{,}080", r"10,\!080"),
    (r"\$18.90", "18.9"),
    (r"18.90 \text{ dollars}", r"\$18.90"),
    ("90", r"90^\circ"),
    (r"90^{\circ}", "90"),
    (r"15\text{ cm}^2", r"15\mbox{ cm}^2"),
    ("15", r"15\mbox{ cm}^2"),
    ("5", "x=5"),
    ("x = 5", "5"),
    ("(3,  \\frac{\\pi}{2})", r"\left( 3, \frac{\pi}{2} \right)"),
    ("3, 7, 5", "3, 5, 7"),
    ("2,1", "1,2"),
    (r"\text{B}", r"\text{(B)}"),
    ("Even", r"\text{even}"),
    ("x^2+2x+1", "(x+1)^2"),
    (r"2\sqrt{5}", r"\sqrt{20}"),
    ("[-2,7]", r"x \in [-2,7]"),
    (r"50\%", "50"),
    ("11+11\\sqrt{5}", r"11 \sqrt{5} + 11"),
]
UNEQUAL = [
    ("5^2", "5"),
    ("52_7", "52_8"),
    (r"2^{10}", "2"),
    (r"3\frac{5}{2}", "2.5"),
    ("50", "5^2"),
    (r"\frac12", r"\frac13"),
    ("(1,2)", "(2,1)"),
    ("[1,2)", "(1,2]"),
    ("x", "y"),
    ("-5", "5"),
    ("0.33", r"\frac13"),
    ("p-q", "q-p"),
    (r"\text{odd}", r"\text{even}"),
    (r"\text{(A)}", r"\text{(B)}"),
    ("3, 5", "3, 5, 7"),
    ("", "1"),
    (r"\pi", "3"),
    ("2^{2^{2^{2^{99}}}}", "1"),
    ("9^{99999999999}", "1"),
    ("1+" * 300 + "1", "301"),
    (r"\frac{", r"\frac{1}{2}"),
]


@pytest.mark.parametrize(("said", "gold"), EQUAL)
def test_the_same(said: str, gold: str) -> None:
    assert same(said, gold)


@pytest.mark.parametrize(("said", "gold"), UNEQUAL)
def test_not_the_same(said: str, gold: str) -> None:
    assert not same(said, gold)


@pytest.mark.parametrize(
    ("answer", "extracted"),
    [
        (r"So $x=\boxed{\frac{1}{2}}$, as 3 shows.", r"\frac{1}{2}"),
        (r"\boxed{1} no, \boxed{2}", "2"),
        (r"The answer is $\frac{3}{4}$.", r"\frac{3}{4}"),
        ("答案是 12。然后 5", "12"),
        ("we get 7 and then 8", "8"),
        (r"\boxed{} 9", "9"),
        ("nothing to see", None),
        ("", None),
    ],
)
def test_what_is_read(answer: str, extracted: str | None) -> None:
    assert grade_mathematics(answer, "1").extracted == extracted


def test_every_reference_solution_is_right(shared_data: Path) -> None:
    lines = (shared_data / "eval" / "math500_test.jsonl").read_text(encoding="utf-8").split("\n")
    rows = [json.loads(line) for line in lines if line]
    assert len(rows) == 500
    wrong = [r["answer"] for r in rows if not grade_mathematics(r["solution"], r["answer"]).correct]
    assert wrong == []


def test_without_the_library_the_spec_cannot_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(math_grading, "LIBRARY", "no_such_library")
    with pytest.raises(SpecError, match=r"pip install math-verify==0\.9\.0"):
        math_grading.need_library()
