"""arithmetic: two-digit additions that no training row holds, in either order.

Example:  question `47+85=?`, gold `132`; the answer `7+5=12 4+8+1=13 132` is right, and so is
`132`; `132 or 133` is wrong.

Rule: the last number of the answer, compared by value. The same rule before and after
fine-tuning, so that writing steps or not is no advantage in itself.
Source: dream_sft.data.arithmetic (generated from the seed; held out by sha256, a fifth of all
unordered pairs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dream_sft.data import arithmetic
from dream_sft.evaluation.grading import last_number
from dream_sft.evaluation.suites.suite import Question, Suite
from dream_sft.io.errors import SpecError

NAME = "arithmetic"


def load(entry: Mapping[str, Any]) -> Suite:
    """`questions` held-out pairs chosen by `seed`. Raises SpecError when there are not so many."""
    try:
        pairs = arithmetic.held_out_questions(entry["questions"], entry.get("seed", 0))
    except ValueError as error:
        raise SpecError(f"suite {NAME}: {error}") from error
    questions = (Question(f"{a}+{b}", arithmetic.question(a, b), str(a + b)) for a, b in pairs)
    return Suite(NAME, tuple(questions), last_number)
