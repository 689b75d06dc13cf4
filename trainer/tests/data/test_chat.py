"""Views and the rule for long rows: a response is whole, or shorter by rule, or dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.data.chat import choose, messages_of, response_of
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
        ("trace", "attempt_only", 5, "dropped"),
        ("trace", "drop", 10, "dropped"),
        ("trace_if_fits", "drop", 99, "trace"),
        ("trace_if_fits", "drop", 10, "attempt"),
        ("trace_if_fits", "attempt_only", 5, "dropped"),
        ("attempt", "attempt_only", 6, "attempt"),
        ("attempt", "attempt_only", 5, "dropped"),
        ("solution", "attempt_only", 5, "dropped"),
    ],
)
def test_rule_of_each_view(view: str, over_long: str, limit: int, rule: str) -> None:
    assert choose(ROW, view, over_long, lambda text: len(text) <= limit).rule == rule


@given(
    st.sampled_from(["attempt", "trace", "trace_if_fits", "solution"]),
    st.sampled_from(["attempt_only", "drop"]),
    st.integers(0, 40),
)
def test_nothing_is_ever_cut(view: str, over_long: str, limit: int) -> None:
    choice = choose(ROW, view, over_long, lambda text: len(text) <= limit)
    whole = {response_of(ROW, plain) for plain in ("attempt", "trace", "solution")}
    assert choice.response is None or choice.response in whole
    assert (choice.response is None) == (choice.rule == "dropped")
    assert choice.response is None or len(choice.response) <= limit
