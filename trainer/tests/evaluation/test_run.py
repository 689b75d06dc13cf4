"""Evaluation around scripted decoders: scores, records, shards, and what an interruption costs."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest

from dream_sft.evaluation.answers import read_answers
from dream_sft.evaluation.gathering import gather
from dream_sft.evaluation.run import Progress, ask, evaluate
from dream_sft.evaluation.scores import Score, score_of
from dream_sft.evaluation.suites import load_suite
from dream_sft.io.errors import DataError
from tests.evaluation.made import CANVAS, TOKENIZER, Scripted, scripted
from tests.model.small import small_dream

SUITE = load_suite({"name": "arithmetic", "questions": 10, "seed": 1})


def run(model: Scripted, path: Path | None, **changes: object) -> Score:
    return ask(model, TOKENIZER, SUITE, out_path=path, **changes)  # type: ignore[arg-type]


def timeless(path: Path) -> list[object]:
    return [dataclasses.replace(a, seconds=0.0) for a in read_answers(path)]


def test_all_right_scores_one() -> None:
    score = ask(scripted(SUITE, {}), TOKENIZER, SUITE)
    assert (score.score, score.correct, score.n, score.unreadable) == (1.0, 10, 10, 0)
    assert score.interval[1] == 1.0
    assert score.mean_answer_tokens == sum(len(q.gold) for q in SUITE.questions) / 10


def test_silence_scores_zero_and_is_unreadable() -> None:
    score = ask(scripted(SUITE, None), TOKENIZER, SUITE)
    assert (score.score, score.unreadable, score.mean_answer_tokens) == (0.0, 10, 0.0)
    assert score.interval[0] == 0.0


def test_records(tmp_path: Path) -> None:
    odd, silent, full = (q.id for q in SUITE.questions[:3])
    path = tmp_path / "answers.jsonl"
    run(scripted(SUITE, {odd: "1+1=2 7", silent: "none", full: "12345678"}), path)
    answers = read_answers(path)
    assert [a.id for a in answers] == [q.id for q in SUITE.questions]
    assert (answers[0].answer, answers[0].extracted, answers[0].correct) == ("1+1=2 7", "7", False)
    assert (answers[1].readable, answers[1].extracted) == (False, None)
    assert (answers[2].tokens, answers[2].first_eos, answers[2].truncated) == (CANVAS, None, True)
    assert not any(a.truncated for a in answers if a is not answers[2])
    assert answers[3].correct
    assert answers[3].first_eos == answers[3].tokens == len(SUITE.questions[3].gold)
    assert all(a.seconds > 0 for a in answers)


def test_progress_after_each_batch(tmp_path: Path) -> None:
    path, seen = tmp_path / "answers.jsonl", []

    def note(progress: Progress) -> None:
        assert len(read_answers(path)) == progress.done  # on disk before it is told
        seen.append((progress.batches_done, progress.batches_total, progress.done))

    run(scripted(SUITE, {}), path, on_batch=note)
    assert seen == [(1, 3, 4), (2, 3, 8), (3, 3, 10)]


@pytest.mark.parametrize("torn", ["", '{"suite": "arith'])
def test_only_what_is_not_on_disk_is_asked_again(tmp_path: Path, torn: str) -> None:
    straight, path = tmp_path / "straight.jsonl", tmp_path / "answers.jsonl"
    run(scripted(SUITE, {}), straight)
    lines = straight.read_bytes().splitlines(keepends=True)
    # Killed after six answers, which had finished in some other order than that of the suite.
    path.write_bytes(b"".join(lines[k] for k in (7, 0, 3, 9, 4, 1)) + torn.encode())
    model = scripted(SUITE, {})
    run(model, path)
    assert model.asked == 4
    assert timeless(path) == timeless(straight)


def test_a_stop_costs_nothing_that_was_finished(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"

    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scripted(SUITE, {}), path, on_batch=stop)
    model, seen = scripted(SUITE, {}), []
    run(model, path, on_batch=lambda progress: seen.append(progress.done))
    assert (model.asked, seen) == (6, [8, 10])
    assert [a.id for a in read_answers(path)] == [q.id for q in SUITE.questions]


def test_a_finished_evaluation_asks_nothing_again(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    first = run(scripted(SUITE, {}), path)
    model = scripted(SUITE, None)
    assert run(model, path) == first
    assert model.asked == 0


@pytest.mark.parametrize(
    ("slots", "change"),
    [(5, {}), (4, {"model_digest": "other"}), (4, {"system_prompt": "x"})],
)
def test_other_settings_are_not_mixed_in(
    tmp_path: Path, slots: int, change: dict[str, object]
) -> None:
    path = tmp_path / "answers.jsonl"
    run(scripted(SUITE, {}), path)
    model = scripted(SUITE, {})
    model.slots = slots
    with pytest.raises(DataError, match="another model, sampling, questions or"):
        run(model, path, **change)


def test_answers_of_another_suite_stay(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    run(scripted(SUITE, {}), path)
    other = path.read_text().replace('"suite": "arithmetic"', '"suite": "gsm8k"')
    path.write_text(other + path.read_text().splitlines(keepends=True)[0])
    run(scripted(SUITE, {}), path)
    assert len(read_answers(path, "gsm8k")) == 10
    assert len(read_answers(path, "arithmetic")) == 10


def test_damaged_lines_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('[]\n{"suite": 1}\nnope\n')
    with pytest.raises(DataError) as caught:
        read_answers(path)
    assert [m.split(":")[0] for m in caught.value.mistakes] == ["line 1", "line 2", "line 3"]


def test_no_answers_have_no_score() -> None:
    assert score_of([]).interval == (0.0, 1.0)


def test_a_batch_needs_a_question() -> None:
    with pytest.raises(ValueError, match="slots 0 is below 1"):
        evaluate(small_dream(), TOKENIZER, SUITE, scripted(SUITE, {}).config, batch_size=0)


@pytest.mark.parametrize("bounds", [[0, 10], [0, 4, 10], [0, 3, 4, 9, 10], list(range(11))])
def test_totals_do_not_depend_on_the_number_of_shards(tmp_path: Path, bounds: list[int]) -> None:
    says = {SUITE.questions[1].id: "no", SUITE.questions[5].id: "12345678"}
    whole, folders = tmp_path / "whole" / "answers.jsonl", []
    score = run(scripted(SUITE, says), whole)
    for shard in itertools.pairwise(bounds):
        folder = tmp_path / f"shard-{shard[0]}"
        part = run(scripted(SUITE, says), folder / "answers.jsonl", shard=shard)
        assert part.n == shard[1] - shard[0]
        folders.append(folder)
    gathered = gather(folders[::-1])["arithmetic"]
    expected = gather([whole.parent])["arithmetic"]
    strip = [dataclasses.replace(a, seconds=0.0) for a in gathered]
    assert strip == [dataclasses.replace(a, seconds=0.0) for a in expected]
    found = dataclasses.replace(score_of(gathered), seconds=0.0)
    assert found == dataclasses.replace(score, seconds=0.0)
    assert (found.correct, found.truncated, found.unreadable) == (8, 1, 1)


def test_answers_of_another_shard_are_not_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    run(scripted(SUITE, {}), path, shard=(0, 4))
    with pytest.raises(DataError, match="name the shard"):
        run(scripted(SUITE, {}), path, shard=(4, 10))
