"""Evaluate a model on a suite in fixed batches; what is answered is on disk and is not repeated.

1. Question order, batches and settings are frozen: batch k holds questions k*size..(k+1)*size,
   and what is random (temperature > 0) depends on question id and seed alone. So an evaluation
   that was interrupted gives the same answers as one that was not.
2. A batch is appended in one flushed write. After a loss the whole batches on disk count and an
   incomplete one is dropped: at most one batch is answered twice.
3. Answers made under other settings (questions, sampling, prompt, tokenizer, model) are never
   mixed in: that is an error, not a silent restart.
4. A shard is a range of the suite's questions. Settings are those of the whole suite, so shards
   come together again whatever their number.
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
from dream_sft.evaluation.scores import Score, score_of
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
    shard: tuple[int, int] | None = None,
) -> Score:
    """Answer every question that `out_path` (JSONL, may hold other suites) does not hold yet.

    `shard` is [from, to) of the suite's questions; None is all of them.

    `on_batch` is called when a batch is on disk; what it raises ends the evaluation without loss.
    Raises DataError (damaged answers, or answers made under other settings), ValueError for
    batch_size < 1, OSError when the disk is full.
    """
    if batch_size < 1:
        raise ValueError(f"batch size {batch_size} is below 1")
    questions = suite.questions if shard is None else suite.questions[slice(*shard)]
    harness = harness_digest(tokenizer, suite, sampling, batch_size, system_prompt)
    asking = _Asking(
        model, tokenizer, suite, sampling, system_prompt, harness, _digest([harness, model_digest])
    )
    answers = [] if out_path is None else _kept(out_path, asking, questions, batch_size)
    batches = [questions[at : at + batch_size] for at in range(0, len(questions), batch_size)]
    first = -(-len(answers) // batch_size)
    for number, batch in enumerate(batches[first:], first + 1):
        fresh = _answer_batch(asking, batch)
        if out_path is not None:
            append_answers(out_path, fresh)
        answers += fresh
        if on_batch is not None:
            correct = sum(a.correct for a in answers)
            done, total = len(answers), len(questions)
            on_batch(Progress(suite.name, number, len(batches), done, total, correct))
    return score_of(answers)


def harness_digest(
    tokenizer: Tokenizer,
    suite: Suite,
    sampling: SamplingConfig,
    batch_size: int,
    system_prompt: str | None,
) -> str:
    """16 hexadecimal digits over everything but the weights that an answer depends on."""
    parts = [
        suite.digest,
        asdict(sampling),
        batch_size,
        system_prompt,
        [tokenizer.name, tokenizer.vocab_size, tokenizer.mask_id, tokenizer.eos_id],
    ]
    return _digest(parts)


def _digest(parts: Sequence[object]) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Asking:
    """How every question of one suite is asked; see Answer for the two digests."""

    model: Dream
    tokenizer: Tokenizer
    suite: Suite
    sampling: SamplingConfig
    system_prompt: str | None
    harness: str
    settings: str


def _kept(
    path: Path, asking: _Asking, questions: Sequence[Question], batch_size: int
) -> list[Answer]:
    """Answers of whole batches; the file is rewritten when more than those stood in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    everything, name = read_answers(path), asking.suite.name
    found = [a for a in everything if a.suite == name]
    if any(a.settings != asking.settings for a in found):
        raise DataError(
            f"{path} holds answers of {name} made with another model, sampling or questions; "
            "name another output folder, or delete it"
        )
    asked = [q.id for q in questions]
    if [a.id for a in found] != asked[: len(found)]:
        raise DataError(
            f"{path}: the answers of {name} are not in the order of these questions; delete it, "
            "or name the shard that they are of"
        )
    whole = found if len(found) == len(asked) else found[: len(found) // batch_size * batch_size]
    kept = [a for a in everything if a.suite != name or a in whole]
    if path.exists():
        rewrite_answers(path, kept)
    return whole


def _answer_batch(asking: _Asking, batch: Sequence[Question]) -> list[Answer]:
    started = time.perf_counter()
    suite, tokenizer = asking.suite, asking.tokenizer
    prompts = [prompt_ids(tokenizer, suite.prompt(q), asking.system_prompt) for q in batch]
    ids = [sample_id_of(f"{suite.name}/{q.id}") for q in batch]
    decoded = sample(asking.model, prompts, ids, asking.sampling)
    share = (time.perf_counter() - started) / len(batch)
    canvas = decoded.tokens.shape[1]
    kept = [decoded.until_end(row, tokenizer.eos_id) for row in range(len(batch))]
    return [
        _answer(asking, q, tokens, canvas, share) for q, tokens in zip(batch, kept, strict=True)
    ]


def _answer(
    asking: _Asking, question: Question, tokens: Sequence[int], canvas: int, seconds: float
) -> Answer:
    text = asking.tokenizer.decode(list(tokens))
    found = asking.suite.grade(text, question)
    truncated = len(tokens) == canvas
    return Answer(
        suite=asking.suite.name,
        version=asking.suite.version,
        id=question.id,
        question=question.question,
        gold=question.gold,
        subject=question.subject,
        answer=text,
        extracted=found.extracted,
        correct=found.correct,
        readable=found.readable,
        tokens=len(tokens),
        first_eos=None if truncated else len(tokens),
        truncated=truncated,
        seconds=seconds,
        harness=asking.harness,
        settings=asking.settings,
    )


def prompt_ids(tokenizer: Tokenizer, question: str, system_prompt: str | None) -> list[int]:
    """The question as one user turn, up to where the answer begins."""
    system = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    messages = [*system, {"role": "user", "content": question}]
    return tokenizer.encode(tokenizer.chat_text(messages, add_generation_prompt=True))
