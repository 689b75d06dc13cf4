"""Two-digit addition, worked step by step, as rows in s1K's schema: the tiny model's data.

A row (seed 0, shortened):
    {"question": "47+85=?", "solution": "132", "thinking_trajectories": ["7+5=12 4+8+1=13"],
     "attempt": "7+5=12 4+8+1=13 132", ...}

The question of 7 characters in a chat frame has 15 tokens; the longest attempt has 19.

A fifth of all unordered pairs is held out for evaluation. Membership is a bit of the sha256 of
"smaller+larger", so a pair and its commuted form fall on the same side, and no digit pattern is
held out as a whole (a linear hash did that, and such a test measures something else).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Any

LOWEST, HIGHEST = 10, 99
HELD_OUT_ONE_IN = 5
SOURCE = "generated/arithmetic"


def is_held_out(a: int, b: int) -> bool:
    """Whether the unordered pair {a, b} is kept for evaluation."""
    key = f"{min(a, b)}+{max(a, b)}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big") % HELD_OUT_ONE_IN == 0


def question(a: int, b: int) -> str:
    """The text that is asked."""
    return f"{a}+{b}=?"


def worked_steps(a: int, b: int) -> str:
    """The columns, ones first, the carry written out: `7+5=12 4+8+1=13`."""
    ones = a % 10 + b % 10
    carry = "+1" if ones > 9 else ""
    tens = a // 10 + b // 10 + ones // 10
    return f"{a % 10}+{b % 10}={ones} {a // 10}+{b // 10}{carry}={tens}"


def training_pairs() -> list[tuple[int, int]]:
    """Every ordered pair of two-digit numbers that is not held out, in numeric order."""
    numbers = range(LOWEST, HIGHEST + 1)
    return [(a, b) for a in numbers for b in numbers if not is_held_out(a, b)]


def held_out_pairs() -> list[tuple[int, int]]:
    """Every held-out pair once, the smaller number first, in numeric order."""
    numbers = range(LOWEST, HIGHEST + 1)
    return [(a, b) for a in numbers for b in numbers if a <= b and is_held_out(a, b)]


def generate_rows(rows: int, seed: int) -> Iterator[dict[str, Any]]:
    """`rows` different training questions in s1K's schema; the same seed gives the same rows.

    Raises ValueError when more rows are asked for than there are different questions.
    """
    pairs = training_pairs()
    if not 1 <= rows <= len(pairs):
        raise ValueError(f"arithmetic has 1 to {len(pairs)} different training rows, not {rows}")
    for a, b in random.Random(f"arithmetic rows {seed}").sample(pairs, rows):
        yield _row(a, b)


def held_out_questions(count: int, seed: int) -> list[tuple[int, int]]:
    """`count` different held-out pairs, each in a random order of its two numbers.

    Raises ValueError when more are asked for than there are.
    """
    pairs = held_out_pairs()
    if not 1 <= count <= len(pairs):
        raise ValueError(f"arithmetic has 1 to {len(pairs)} held-out questions, not {count}")
    draw = random.Random(f"arithmetic questions {seed}")
    return [(b, a) if draw.random() < 0.5 else (a, b) for a, b in draw.sample(pairs, count)]


def _row(a: int, b: int) -> dict[str, Any]:
    steps = worked_steps(a, b)
    return {
        "question": question(a, b),
        "solution": str(a + b),
        "cot_type": "math",
        "source_type": SOURCE,
        "metadata": f"{{'a': {a}, 'b': {b}}}",
        "cot": None,
        "thinking_trajectories": [steps],
        "attempt": f"{steps} {a + b}",
    }
