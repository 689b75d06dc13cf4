"""Evaluation questions are found where they are, and everyday phrases are not taken for them."""

from __future__ import annotations

from dream_sft.data.overlap import OverlapIndex

SHORT = "If Anna has three red apples and buys five more how many apples has she"
LONG = " ".join(f"word{n}" for n in range(40))


def test_equal_question_up_to_case_width_and_spacing() -> None:
    index = OverlapIndex(["What is 12 + 34?"])
    assert index.found_in("what  IS １２ + 34?", "")
    assert not index.found_in("What is 12 - 34?", "")
    assert not index.found_in("What is 12 + 35?", "")


def test_eight_words_of_a_short_question_are_enough_anywhere() -> None:
    index = OverlapIndex([SHORT])
    assert index.found_in("Other.", "He asks: has three red apples, and buys five more! Then")
    assert not index.found_in("Other.", "has three red apples and buys five")


def test_a_long_question_needs_thirteen_words() -> None:
    index = OverlapIndex([LONG])
    words = LONG.split()
    assert index.found_in(" ".join(words[5:18]), "")
    assert not index.found_in(" ".join(words[5:17]), "")


def test_a_run_does_not_go_from_question_into_response() -> None:
    words = SHORT.split()
    index = OverlapIndex([SHORT])
    assert not index.found_in(" ".join(words[:7]), " ".join(words[7:13]))
