"""The committed base: small, answers readably, is mostly wrong, and shows no steps."""

from __future__ import annotations

from pathlib import Path

from dream_sft.data.tokenizer import load_tokenizer
from dream_sft.evaluation.answers import read_answers
from dream_sft.evaluation.run import evaluate
from dream_sft.evaluation.suites import load_suite
from dream_sft.model.weights import load_dream
from dream_sft.sampling.config import SamplingConfig

BASE = Path(__file__).parents[2] / "assets" / "tiny-base"


def test_size() -> None:
    model = load_dream(BASE)
    assert sum(weight.numel() for weight in model.parameters()) <= 1_500_000
    assert sum(file.stat().st_size for file in BASE.iterdir()) <= 8_000_000


def test_it_answers_readably_wrongly_and_without_steps(tmp_path: Path) -> None:
    suite = load_suite({"name": "arithmetic", "questions": 200, "seed": 7})
    sampling = SamplingConfig(max_new_tokens=24, steps=24, block_length=4)
    path = tmp_path / "answers.jsonl"
    score = evaluate(
        load_dream(BASE), load_tokenizer(BASE), suite, sampling, batch_size=100, out_path=path
    )
    assert 0 < score.score <= 0.3
    assert score.unreadable <= 20
    assert not [a.answer for a in read_answers(path) if "=" in a.answer or "+" in a.answer]
