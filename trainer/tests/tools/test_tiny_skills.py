"""Pretraining text: every skill is right, and no held-out pair and no worked steps are in it."""

from __future__ import annotations

import re

from dream_sft.data.arithmetic import is_held_out
from tools.tiny_skills import SHARES, examples

TEXT = examples(20_000, 0)
WORKED = re.compile(r"\d\+\d=\d+ \d\+\d(\+1)?=\d+ \d+")


def digit_sum(text: str) -> int:
    return sum(int(digit) for digit in text.split("+"))


def test_every_example_is_true() -> None:
    kinds = set()
    for prompt, answer in TEXT:
        if prompt.endswith(" say?"):
            kinds.add("restate")
            sums = prompt.removesuffix(" say?").split(" ")
            assert answer == " ".join(f"{s}={digit_sum(s)}" for s in sums)
        elif prompt.endswith(" join?"):
            kinds.add("join")
            ones, tens = (int(x) for x in prompt.removesuffix(" join?").split(","))
            assert answer == str(tens * 10 + ones % 10)
        elif "|" in prompt:
            kinds.add("columns")
            (a, b), (c, d) = prompt.removesuffix("=?").split("|")
            assert answer == f"{b}+{d} {a}+{c}"
        elif re.fullmatch(r"\d\d\+\d\d=\?", prompt):
            kinds.add("direct")
            a, b = prompt.removesuffix("=?").split("+")
            assert answer == str(int(a) + int(b))
        else:
            kinds.add("sums")
            sums = prompt.removesuffix("=?").split(" ")
            assert answer == " ".join(str(digit_sum(s)) for s in sums)
    assert kinds == set(SHARES)


def test_held_out_pairs_and_worked_steps_never_appear() -> None:
    for prompt, answer in TEXT:
        pair = re.fullmatch(r"(\d\d)[+|](\d\d)=\?", prompt)
        assert pair is None or not is_held_out(int(pair[1]), int(pair[2]))
        assert not WORKED.search(answer)


def test_a_seed_repeats_the_text() -> None:
    assert examples(100, 1) == examples(100, 1) != examples(100, 2)


def test_frames_fit_48_tokens() -> None:
    # 8 tokens of frame around the prompt, as in the arithmetic rows.
    assert max(8 + len(prompt) + len(answer) + 1 for prompt, answer in TEXT) <= 48
