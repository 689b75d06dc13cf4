"""The generated rows: right, in s1K's schema, repeatable, and apart from the questions."""

from __future__ import annotations

import json
import re

import pytest

from dream_sft.data import arithmetic
from dream_sft.data.arithmetic import (
    generate_rows,
    held_out_pairs,
    held_out_questions,
    is_held_out,
    training_pairs,
    worked_steps,
)
from dream_sft.data.character_tokenizer import CharacterTokenizer, default_vocabulary
from dream_sft.data.s1k import read_rows


@pytest.mark.parametrize(
    ("a", "b", "steps"),
    [
        (47, 85, "7+5=12 4+8+1=13"),
        (10, 10, "0+0=0 1+1=2"),
        (99, 99, "9+9=18 9+9+1=19"),
        (85, 47, "5+7=12 8+4+1=13"),
        (55, 45, "5+5=10 5+4+1=10"),
    ],
)
def test_steps_of_known_sums(a: int, b: int, steps: str) -> None:
    assert worked_steps(a, b) == steps


def test_every_step_of_every_pair_is_true_and_joins_to_the_sum() -> None:
    for a, b in training_pairs() + held_out_pairs():
        ones, tens = worked_steps(a, b).split(" ")
        values = []
        for step in (ones, tens):
            left, _, right = step.partition("=")
            assert sum(int(x) for x in re.findall(r"\d", left)) == int(right)
            values.append(int(right))
        assert values[1] * 10 + values[0] % 10 == a + b


def test_pairs_are_apart_up_to_commutation() -> None:
    train = {frozenset(p) for p in training_pairs()}
    held = {frozenset(p) for p in held_out_pairs()}
    assert not train & held
    assert len(train) + len(held) == 90 * 91 // 2
    assert all(is_held_out(a, b) == is_held_out(b, a) for a in range(10, 100) for b in (10, 47, 99))


def test_a_fifth_is_held_out_without_a_pattern_of_digits() -> None:
    held = held_out_pairs()
    assert 0.17 < len(held) / 4095 < 0.23
    assert {(a + b) % 10 for a, b in held} == set(range(10))
    train_ones = {(a % 10, b % 10) for a, b in training_pairs()}
    train_tens = {(a // 10, b // 10) for a, b in training_pairs()}
    assert len(train_ones) == 100
    assert len(train_tens) == 81


def test_rows_are_in_s1ks_schema_and_read_by_the_pipeline(tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "rows.jsonl"
    rows = list(generate_rows(50, 3))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    read = read_rows(file, "attempt")
    assert [r.question for r in read] == [row["question"] for row in rows]
    for row in rows:
        assert isinstance(row["thinking_trajectories"], list)
        assert row["attempt"] == f"{row['thinking_trajectories'][0]} {row['solution']}"
        a, b = re.findall(r"\d+", row["question"])
        assert int(a) + int(b) == int(row["solution"])


def test_rows_differ_from_each_other_and_a_seed_repeats_them() -> None:
    rows = list(generate_rows(4000, 0))
    assert len({row["question"] for row in rows}) == 4000
    assert rows == list(generate_rows(4000, 0))
    assert rows != list(generate_rows(4000, 1))


def test_questions_are_held_out_and_repeatable() -> None:
    questions = held_out_questions(200, 7)
    assert questions == held_out_questions(200, 7)
    assert questions != held_out_questions(200, 8)
    assert len({frozenset(q) for q in questions}) == 200
    assert all(is_held_out(a, b) for a, b in questions)
    assert any(a > b for a, b in questions)


@pytest.mark.parametrize("count", [0, 10_000])
def test_an_impossible_count_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="different training rows"):
        next(generate_rows(count, 0))
    with pytest.raises(ValueError, match="held-out questions"):
        held_out_questions(count, 0)


def test_sequences_fit_48_tokens_with_a_canvas_of_24() -> None:
    tokenizer = CharacterTokenizer(default_vocabulary())
    longest = 0
    for a, b in training_pairs():
        chat = [{"role": "user", "content": arithmetic.question(a, b)}]
        prompt = tokenizer.encode(tokenizer.chat_text(chat, add_generation_prompt=True))
        assert len(prompt) == 15
        longest = max(longest, len(tokenizer.encode(f"{worked_steps(a, b)} {a + b}")))
    assert longest == 19
    assert 15 + 24 <= 48
