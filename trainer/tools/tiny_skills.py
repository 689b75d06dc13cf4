"""What the tiny base is pretrained on: prompted skills, and few direct answers.

skill    prompt                answer              note
sums     7+5 4+8+1=?           12 13               one to three digit sums, some with a carry
restate  7+5 4+8+1 say?        7+5=12 4+8+1=13     one or two digit sums with their results
columns  47|85=?               7+5 4+8             two numbers split into columns, ones first
join     12,13 join?           132                 column results joined
direct   47+85=?               132                 the question itself, no steps

Never: worked steps for a two-digit addition. Pairs that are held out for evaluation appear
neither in `direct` nor in `columns`. Prompts stay visible in training: the same facts as free
text, masked anywhere, were not learned at all.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from dream_sft.data.arithmetic import HIGHEST, LOWEST, is_held_out, question

Example = tuple[str, str]
# `direct` is small on purpose: a base that answers readably and is mostly wrong.
SHARES = {"sums": 1.0, "restate": 3.0, "columns": 2.0, "join": 2.0, "direct": 0.3}


def examples(count: int, seed: int) -> list[Example]:
    """`count` (prompt, answer) pairs; the same seed gives the same list."""
    draw = random.Random(f"tiny skills {seed}")
    names, shares = list(SHARES), list(SHARES.values())
    return [_SKILLS[name](draw) for name in draw.choices(names, shares, k=count)]


def _open_pair(draw: random.Random) -> tuple[int, int]:
    while True:
        a, b = draw.randint(LOWEST, HIGHEST), draw.randint(LOWEST, HIGHEST)
        if not is_held_out(a, b):
            return a, b


def _digit_sum(draw: random.Random) -> tuple[str, int]:
    x, y, carry = draw.randint(0, 9), draw.randint(0, 9), draw.random() < 0.4
    return f"{x}+{y}" + ("+1" if carry else ""), x + y + carry


def _sums(draw: random.Random) -> Example:
    sums = [_digit_sum(draw) for _ in range(draw.choice((1, 2, 2, 3)))]
    return " ".join(s for s, _ in sums) + "=?", " ".join(str(value) for _, value in sums)


def _restate(draw: random.Random) -> Example:
    sums = [_digit_sum(draw) for _ in range(draw.choice((1, 2, 2)))]
    return " ".join(s for s, _ in sums) + " say?", " ".join(f"{s}={value}" for s, value in sums)


def _columns(draw: random.Random) -> Example:
    a, b = _open_pair(draw)
    return f"{a}|{b}=?", f"{a % 10}+{b % 10} {a // 10}+{b // 10}"


def _join(draw: random.Random) -> Example:
    ones, tens = draw.randint(0, 18), draw.randint(1, 19)
    return f"{ones},{tens} join?", str(tens * 10 + ones % 10)


def _direct(draw: random.Random) -> Example:
    a, b = _open_pair(draw)
    return question(a, b), str(a + b)


_SKILLS: dict[str, Callable[[random.Random], Example]] = {
    "sums": _sums,
    "restate": _restate,
    "columns": _columns,
    "join": _join,
    "direct": _direct,
}
