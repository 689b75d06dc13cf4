"""Which questions a suite asks, and how damaged or missing files are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dream_sft.data.arithmetic import generate_rows, is_held_out
from dream_sft.evaluation.suites import load_suite
from dream_sft.io.errors import DataError, SpecError


def rows(path: Path, count: int) -> str:
    file = path / "gsm8k.jsonl"
    lines = [{"question": f"q{i}?", "answer": f"{i}+1\n#### {i},000"} for i in range(1, count + 1)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(file)


def test_arithmetic_asks_what_no_training_row_holds() -> None:
    suite = load_suite({"name": "arithmetic", "questions": 200, "seed": 7})
    trained = {row["question"] for row in generate_rows(6000, 0)}
    for q in suite.questions:
        a, b = (int(x) for x in q.id.split("+"))
        assert q.question == f"{a}+{b}=?"
        assert int(q.gold) == a + b
        assert is_held_out(a, b)
        assert not {f"{a}+{b}=?", f"{b}+{a}=?"} & trained


@pytest.mark.parametrize("name", ["arithmetic", "gsm8k"])
def test_a_seed_freezes_questions_and_order(tmp_path: Path, name: str) -> None:
    entry = {"name": name, "questions": 20, "file": rows(tmp_path, 40)}
    first, again = (load_suite({**entry, "seed": 3}) for _ in range(2))
    assert first.digest == again.digest
    assert first.digest != load_suite({**entry, "seed": 4}).digest
    assert len({q.id for q in first.questions}) == 20


def test_parquet_asks_what_jsonl_asks(tmp_path: Path) -> None:
    import pyarrow as arrow
    from pyarrow import parquet

    file = Path(rows(tmp_path, 40))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    other = tmp_path / "gsm8k.parquet"
    parquet.write_table(arrow.Table.from_pylist(lines), other)
    entry = {"name": "gsm8k", "questions": 20, "seed": 3}
    asked, same = (load_suite({**entry, "file": str(path)}) for path in (file, other))
    assert asked.digest == same.digest
    parquet.write_table(arrow.Table.from_pylist([*lines, {"question": "q?"}]), other)
    with pytest.raises(DataError) as raised:
        load_suite({**entry, "file": str(other)})
    assert raised.value.mistakes == ["gsm8k.parquet: line 41: field answer is empty or no text"]
    other.write_bytes(b"PAR1 half")
    with pytest.raises(DataError, match="damaged Parquet"):
        load_suite({**entry, "file": str(other)})


def test_gsm8k_reads_gold_after_the_last_mark(tmp_path: Path) -> None:
    suite = load_suite({"name": "gsm8k", "questions": 40, "file": rows(tmp_path, 40)})
    assert {(q.id, q.question, q.gold) for q in suite.questions} == {
        (str(i), f"q{i}?", f"{i}000") for i in range(1, 41)
    }


def test_real_gsm8k(shared_data: Path) -> None:
    file = str(shared_data / "eval" / "gsm8k_test.jsonl")
    suite = load_suite({"name": "gsm8k", "questions": 1319, "seed": 0, "file": file})
    golds = {q.id: q.gold for q in suite.questions}
    assert len(golds) == 1319
    assert (golds["1"], golds["3"]) == ("18", "70000")
    # The reference solutions are themselves answers: the rule must read every one of them.
    solutions = [json.loads(line)["answer"] for line in Path(file).read_text().splitlines()]
    for number, text in enumerate(solutions, 1):
        question = next(q for q in suite.questions if q.id == str(number))
        assert suite.grade(text, question).correct, (text, golds[str(number)])


@pytest.mark.parametrize(
    ("entry", "match"),
    [
        (
            {"name": "mmlu", "questions": 1},
            "none of arithmetic, gsm8k, math500, cd3, cd4, cd5, sudoku, custom",
        ),
        ({"name": "arithmetic", "questions": 5000}, "held-out questions"),
        ({"name": "gsm8k", "questions": 1}, "file is missing"),
    ],
)
def test_wrong_entries(entry: dict[str, object], match: str) -> None:
    with pytest.raises(SpecError, match=match):
        load_suite(entry)


def test_more_than_there_are(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="41 questions asked for"):
        load_suite({"name": "gsm8k", "questions": 41, "file": rows(tmp_path, 40)})


def test_every_damaged_row_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    good = json.dumps({"question": "q", "answer": "#### 1"})
    no_gold = json.dumps({"question": "q", "answer": "1"})
    file.write_text(f"{good}\n{{\n{no_gold}\n[]\n{json.dumps({'answer': '#### 1'})}\n")
    with pytest.raises(DataError) as caught:
        load_suite({"name": "gsm8k", "questions": 1, "file": str(file)})
    assert [m.split(": ")[1] for m in caught.value.mistakes] == [f"line {n}" for n in (2, 3, 4, 5)]
    assert caught.value.mistakes[3] == "bad.jsonl: line 5: field question is missing"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_suite({"name": "gsm8k", "questions": 1, "file": str(tmp_path / "no.jsonl")})
