"""Views and the rules for long rows; the instruction to box an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.data.chat import (
    BOXED_INSTRUCTION,
    boxes_answer,
    choose,
    messages_of,
    response_of,
)
from dream_sft.data.s1k import Row

ROW = Row(1, " Why? ", "solved", ("\nfirst", "second\n"), " answer\n", ())


def test_views() -> None:
    assert response_of(ROW, "attempt") == "answer"
    assert response_of(ROW, "solution") == "solved"
    assert response_of(ROW, "trace") == "first\n\nsecond\n\nanswer"


def test_messages_with_and_without_a_system_prompt() -> None:
    user = {"role": "user", "content": "Why?"}
    assert messages_of(ROW, None) == [user]
    assert messages_of(ROW, "Be brief.") == [{"role": "system", "content": "Be brief."}, user]


@pytest.mark.parametrize(
    ("view", "over_long", "limit", "rule"),
    [
        ("trace", "attempt_only", 99, "trace"),
        ("trace", "attempt_only", 10, "attempt_only"),
        ("trace", "attempt_only", 5, "over_long"),
        ("trace", "drop", 10, "over_long"),
        ("trace_if_fits", "drop", 99, "trace"),
        ("trace_if_fits", "drop", 10, "attempt"),
        ("trace_if_fits", "attempt_only", 5, "over_long"),
        ("attempt", "attempt_only", 6, "attempt"),
        ("attempt", "attempt_only", 5, "over_long"),
        ("solution", "attempt_only", 5, "over_long"),
        ("trace", "cut_right", 10, "cut_right"),
        ("trace", "cut_right", 99, "trace"),
        ("trace_if_fits", "cut_right", 10, "attempt"),
        ("trace_if_fits", "cut_right", 5, "cut_right"),
        ("attempt", "cut_right", 5, "cut_right"),
        ("solution", "cut_right", 5, "cut_right"),
    ],
)
def test_rule_of_each_view(view: str, over_long: str, limit: int, rule: str) -> None:
    assert choose(ROW, view, over_long, lambda text: len(text) <= limit).rule == rule


@pytest.mark.parametrize(
    ("view", "limit", "text"), [("trace", 10, "trace"), ("trace_if_fits", 5, "attempt")]
)
def test_what_is_to_be_cut_is_the_longest_view_that_was_wanted(
    view: str, limit: int, text: str
) -> None:
    choice = choose(ROW, view, "cut_right", lambda response: len(response) <= limit)
    assert choice.cut and choice.response == response_of(ROW, text)


@given(
    st.sampled_from(["attempt", "trace", "trace_if_fits", "solution"]),
    st.sampled_from(["attempt_only", "drop"]),
    st.integers(0, 40),
)
def test_nothing_is_cut_unless_asked_for(view: str, over_long: str, limit: int) -> None:
    choice = choose(ROW, view, over_long, lambda text: len(text) <= limit)
    whole = {response_of(ROW, plain) for plain in ("attempt", "trace", "solution")}
    assert choice.response is None or choice.response in whole
    assert (choice.response is None) == (choice.rule == "over_long")
    assert choice.response is None or len(choice.response) <= limit
    assert not choice.cut


def test_the_instruction_stands_on_a_line_below_the_question() -> None:
    assert messages_of(ROW, None, BOXED_INSTRUCTION)[-1]["content"] == (
        "Why?\nPlease reason step by step, and put your final answer within \\boxed{}."
    )


@pytest.mark.parametrize(
    ("attempt", "boxes"),
    [
        (r"so $\boxed{4}$.", True),
        (r"so $\boxed {4}$.", True),
        ("The answer is 4.", False),
        (r"never \boxed", False),
        (r"a \fbox{4}", False),
    ],
)
def test_an_attempt_that_boxes_its_answer(attempt: str, boxes: bool) -> None:
    row = replace(ROW, attempt=attempt)
    assert [boxes_answer(row, view) for view in ("attempt", "trace")] == [boxes, boxes]
    assert not boxes_answer(row, "solution")
    assert boxes_answer(replace(ROW, solution=attempt), "solution") == boxes
