from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from dream_sft.evaluation.answers import append_answers
from dream_sft.evaluation.gathering import gather, paired
from dream_sft.io.errors import DataError
from tests.evaluation.made import answer


def written(folder: Path, *answers: object) -> Path:
    folder.mkdir()
    append_answers(folder / "answers.jsonl", answers)  # type: ignore[arg-type]
    return folder


def test_shards_in_any_order_and_twice(tmp_path: Path) -> None:
    first = written(tmp_path / "a", answer(10, True), answer(2, False))
    second = written(tmp_path / "b", answer(1, True), answer(2, False))
    found = gather([first / "answers.jsonl", second, first])
    assert [a.id for a in found["arithmetic"]] == ["1", "2", "10"]


def test_contradictions_and_mixtures_are_all_named(tmp_path: Path) -> None:
    first = written(tmp_path / "a", answer(1, True), answer(2, True, settings="t"))
    second = written(tmp_path / "b", answer(1, False))
    with pytest.raises(DataError) as caught:
        gather([first, second])
    assert caught.value.mistakes == [
        "arithmetic 1: answered twice, in different ways",
        "arithmetic: answers made under 2 different settings",
    ]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no answers there"):
        gather([tmp_path])
    (tmp_path / "answers.jsonl").write_text("")
    with pytest.raises(DataError, match="evaluate first"):
        gather([tmp_path])


def test_sides_that_do_not_compare() -> None:
    before = {"arithmetic": [answer(1, True), answer(2, True)], "gsm8k": [answer(1, True)]}
    after = {"arithmetic": [answer(1, True), answer(3, True)]}
    with pytest.raises(DataError) as caught:
        paired(before, after)
    assert caught.value.mistakes == [
        "gsm8k: on one side only",
        "arithmetic 2: on one side only",
        "arithmetic 3: on one side only",
    ]


@pytest.mark.parametrize(
    ("change", "says"), [({"version": 2}, "other versions"), ({"harness": "x"}, "other sampling")]
)
def test_another_harness_is_no_comparison(change: dict[str, object], says: str) -> None:
    ours = {"arithmetic": [answer(1, True)]}
    theirs = {"arithmetic": [dataclasses.replace(answer(1, True), **change)]}  # type: ignore[arg-type]
    with pytest.raises(DataError) as caught:
        paired(ours, theirs)
    assert says in caught.value.mistakes[0]


def test_an_a_a_run_may_have_another_batch_size() -> None:
    ours = {"arithmetic": [answer(1, True)]}
    theirs = {"arithmetic": [answer(1, True, harness="other batch size")]}
    assert paired(ours, theirs, same_harness=False).keys() == {"arithmetic"}
