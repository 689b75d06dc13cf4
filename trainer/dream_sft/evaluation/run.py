"""Evaluate a model on a suite in fixed batches; what is answered is on disk and is not repeated.

1. Question order, batches and settings are frozen: batch k holds questions k*size..(k+1)*size,
   and what is random (temperature > 0) depends on question id and seed alone. So an evaluation
   that was interrupted gives the same answers as one that was not.
2. A batch is appended in one flushed write. After a loss the whole batches on disk count and an
   incomplete one is dropped: at most one batch is answered twice.
3. Answers made under other settings (questions, sampling, prompt, tokenizer, model) are never
   mixed in: that is an error, not a silent restart.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dream_sft.data.tokenizer import Tokenizer
from dream_sft.diffusion.noise import sample_id_of
from dream_sft.evaluation.answers import Answer, append_answers, read_answers, rewrite_answers
from dream_sft.evaluation.statistics import wilson
from dream_sft.evaluation.suites.suite import Question, Suite
from dream_sft.io.errors import DataError
from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.sampler import sample


@dataclass(frozen=True)
class Progress:
    """After a batch: what stands on disk, answers of earlier attempts included."""

    suite: str
    batches_done: int
    batches_total: int
    done: int
    total: int
    correct: int


@dataclass(frozen=True)
class Score:
    """`score` is correct / n; unreadable answers are wrong and counted here as well."""

    score: float
    n: int
    correct: int
    interval: tuple[float, float]  # Wilson, 95 %
    unreadable: int
    mean_answer_tokens: float
    seconds: float  # of all answers, earlier attempts included


def score_of(answers: Sequence[Answer]) -> Score:
    """Fold answers; no answers give a score of 0 with the interval [0, 1]."""
    n, correct = len(answers), sum(a.correct for a in answers)
    return Score(
        score=correct / max(1, n),
        n=n,
        correct=correct,
        interval=wilson(correct, n),
        unreadable=sum(not a.readable for a in answers),
        mean_answer_tokens=sum(a.tokens for a in answers) / max(1, n),
        seconds=sum(a.seconds for a in answers),
    )


def evaluate(
    model: Dream,
    tokenizer: Tokenizer,
    suite: Suite,
    sampling: SamplingConfig,
    *,
    batch_size: int,
    out_path: Path | None = None,
    on_batch: Callable[[Progress], None] | None = None,
    system_prompt: str | None = None,
    model_digest: str = "",
) -> Score:
    """Answer every question that `out_path` (JSONL, may hold other suites) does not hold yet.

    `on_batch` is called when a batch is on disk; what it raises ends the evaluation without loss.
    Raises DataError (damaged answers, or answers made under other settings), ValueError for
    batch_size < 1, OSError when the disk is full.
    """
    if batch_size < 1:
        raise ValueError(f"batch size {batch_size} is below 1")
    settings = settings_digest(tokenizer, suite, sampling, batch_size, system_prompt, model_digest)
    answers = [] if out_path is None else _kept(out_path, suite, settings, batch_size)
    batches = [
        suite.questions[at : at + batch_size] for at in range(0, len(suite.questions), batch_size)
    ]
    first = -(-len(answers) // batch_size)
    for number, batch in enumerate(batches[first:], first + 1):
        fresh = _answer_batch(model, tokenizer, suite, batch, sampling, system_prompt, settings)
        if out_path is not None:
            append_answers(out_path, fresh)
        answers += fresh
        if on_batch is not None:
            correct = sum(a.correct for a in answers)
            total = len(suite.questions)
            on_batch(Progress(suite.name, number, len(batches), len(answers), total, correct))
    return score_of(answers)


def settings_digest(
    tokenizer: Tokenizer,
    suite: Suite,
    sampling: SamplingConfig,
    batch_size: int,
    system_prompt: str | None,
    model_digest: str,
) -> str:
    """16 hexadecimal digits over everything that an answer depends on."""
    parts = [
        suite.digest,
        asdict(sampling),
        batch_size,
        system_prompt,
        [tokenizer.name, tokenizer.vocab_size, tokenizer.mask_id, tokenizer.eos_id],
        model_digest,
    ]
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _kept(path: Path, suite: Suite, settings: str, batch_size: int) -> list[Answer]:
    """Answers of whole batches; the file is rewritten when more than those stood in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    everything = read_answers(path)
    found = [a for a in everything if a.suite == suite.name]
    if any(a.settings != settings for a in found):
        raise DataError(
            f"{path} holds answers of {suite.name} made with another model, sampling or questions; "
            "name another output folder, or delete it"
        )
    asked = [q.id for q in suite.questions]
    if [a.id for a in found] != asked[: len(found)]:
        raise DataError(
            f"{path}: the answers of {suite.name} are not in the suite's order; delete it"
        )
    whole = found if len(found) == len(asked) else found[: len(found) // batch_size * batch_size]
    kept = [a for a in everything if a.suite != suite.name or a in whole]
    if path.exists():
        rewrite_answers(path, kept)
    return whole


def _answer_batch(
    model: Dream,
    tokenizer: Tokenizer,
    suite: Suite,
    batch: Sequence[Question],
    sampling: SamplingConfig,
    system_prompt: str | None,
    settings: str,
) -> list[Answer]:
    started = time.perf_counter()
    prompts = [prompt_ids(tokenizer, suite.prompt(q), system_prompt) for q in batch]
    ids = [sample_id_of(f"{suite.name}/{q.id}") for q in batch]
    decoded = sample(model, prompts, ids, sampling)
    share = (time.perf_counter() - started) / len(batch)
    answers = []
    for row, q in enumerate(batch):
        kept = decoded.until_end(row, tokenizer.eos_id)
        text = tokenizer.decode(kept)
        found = suite.grade(text, q)
        answers.append(
            Answer(
                suite=suite.name,
                id=q.id,
                question=q.question,
                gold=q.gold,
                answer=text,
                extracted=found.extracted,
                correct=found.correct,
                readable=found.readable,
                tokens=len(kept),
                first_eos=len(kept) if len(kept) < decoded.tokens.shape[1] else None,
                seconds=share,
                settings=settings,
            )
        )
    return answers


def prompt_ids(tokenizer: Tokenizer, question: str, system_prompt: str | None) -> list[int]:
    """The question as one user turn, up to where the answer begins."""
    system = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    messages = [*system, {"role": "user", "content": question}]
    return tokenizer.encode(tokenizer.chat_text(messages, add_generation_prompt=True))
