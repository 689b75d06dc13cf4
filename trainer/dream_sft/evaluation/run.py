"""Ask a model every question of a suite and grade what it says; what is on disk is not repeated.

1. A row's tokens depend on the model, the settings, the number of slots and its own length only
   (sampling.engine), and what is random on question id and seed. So an evaluation that was
   interrupted, or made in shards, gives the same answers as one that was not.
2. Every answer is on disk before it is told of. A loss repeats the questions that were in the
   slots: at most one batch, a batch being as many questions as there are slots.
3. Answers made under other settings (questions, sampling, prompt, tokenizer, model) are never
   mixed in: that is an error, not a silent restart.
4. A shard is a range of the suite's questions. Settings are those of the whole suite, so shards
   come together again whatever their number.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from dream_sft.data.tokenizer import Tokenizer
from dream_sft.diffusion.noise import sample_id_of
from dream_sft.evaluation.answers import Answer, append_answers, read_answers, rewrite_answers
from dream_sft.evaluation.scores import Score, score_of
from dream_sft.evaluation.suites.suite import Question, Suite
from dream_sft.io.errors import DataError
from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.engine import Sampler
from dream_sft.sampling.requests import Decoded, Request


class Decoder(Protocol):
    """What evaluation needs of sampling.engine.Sampler."""

    config: SamplingConfig
    slots: int

    @property
    def key(self) -> dict[str, int | None]:
        """What a row's numbers depend on besides model, settings and request."""
        ...

    def decode(self, requests: Sequence[Request]) -> Iterator[Decoded]:
        """Answers as they are finished, in any order."""
        ...


@dataclass(frozen=True)
class Progress:
    """After a batch of answers: what stands on disk, answers of earlier attempts included."""

    suite: str
    batches_done: int
    batches_total: int
    done: int
    total: int
    correct: int


OnBatch = Callable[[Progress], None]


def evaluate(
    model: Dream,
    tokenizer: Tokenizer,
    suite: Suite,
    sampling: SamplingConfig,
    *,
    batch_size: int,
    out_path: Path | None = None,
    on_batch: OnBatch | None = None,
    system_prompt: str | None = None,
    model_digest: str = "",
    shard: tuple[int, int] | None = None,
) -> Score:
    """`ask` with a sampler of `batch_size` slots. Raises ValueError for batch_size < 1 as well."""
    return ask(
        Sampler(model, sampling, slots=batch_size),
        tokenizer,
        suite,
        out_path=out_path,
        on_batch=on_batch,
        system_prompt=system_prompt,
        model_digest=model_digest,
        shard=shard,
    )


def ask(
    decoder: Decoder,
    tokenizer: Tokenizer,
    suite: Suite,
    *,
    out_path: Path | None = None,
    on_batch: OnBatch | None = None,
    system_prompt: str | None = None,
    model_digest: str = "",
    shard: tuple[int, int] | None = None,
) -> Score:
    """Answer every question that `out_path` (JSONL, may hold other suites) does not hold yet.

    `shard` is [from, to) of the suite's questions; None is all of them. The file grows in the order
    in which answers finish and is put into the suite's order at the end. `on_batch` is called after
    every `slots` answers and after the last; what it raises ends the evaluation without loss.
    Raises DataError (damaged answers, or answers made under other settings), OSError when the disk
    is full.
    """
    questions = suite.questions if shard is None else suite.questions[slice(*shard)]
    harness = harness_digest(tokenizer, suite, decoder, system_prompt)
    asking = _Asking(tokenizer, suite, system_prompt, harness, _digest([harness, model_digest]))
    answers = {} if out_path is None else _kept(out_path, asking, questions)
    tell = _Teller(suite.name, decoder.slots, len(questions), on_batch)
    missing = [question for question in questions if question.id not in answers]
    for answer in _fresh(decoder, asking, missing):
        answers[answer.id] = answer
        if out_path is not None:
            append_answers(out_path, [answer])
        tell(answers)
    ordered = [answers[question.id] for question in questions]
    if out_path is not None:
        _set_in_order(out_path, suite.name, ordered)
    return score_of(ordered)


def harness_digest(
    tokenizer: Tokenizer, suite: Suite, decoder: Decoder, system_prompt: str | None
) -> str:
    """16 hexadecimal digits over everything but the weights that an answer depends on."""
    parts = [
        suite.digest,
        asdict(decoder.config),
        decoder.key,
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

    tokenizer: Tokenizer
    suite: Suite
    system_prompt: str | None
    harness: str
    settings: str


class _Teller:
    """Calls `on_batch` after every `batch` answers and after the last."""

    def __init__(self, suite: str, batch: int, total: int, on_batch: OnBatch | None) -> None:
        self.suite, self.batch, self.total, self.on_batch = suite, batch, total, on_batch

    def __call__(self, answers: dict[str, Answer]) -> None:
        done = len(answers)
        if self.on_batch is None or (done % self.batch and done < self.total):
            return
        batches = (-(-done // self.batch), -(-self.total // self.batch))
        correct = sum(answer.correct for answer in answers.values())
        self.on_batch(Progress(self.suite, *batches, done, self.total, correct))


def _kept(path: Path, asking: _Asking, questions: Sequence[Question]) -> dict[str, Answer]:
    """Answers of these questions by id; a torn last line is cut off the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    everything, name = read_answers(path), asking.suite.name
    found = {a.id: a for a in everything if a.suite == name}
    if any(a.settings != asking.settings for a in found.values()):
        raise DataError(
            f"{path} holds answers of {name} made with another model, sampling, questions or "
            "kernels (compile); name another output folder, or delete it"
        )
    if found.keys() - {question.id for question in questions}:
        raise DataError(
            f"{path} holds answers of {name} to questions that are not asked; delete it, or name "
            "the shard that they are of"
        )
    if path.exists():
        rewrite_answers(path, everything)
    return found


def _set_in_order(path: Path, name: str, ordered: Sequence[Answer]) -> None:
    everything = read_answers(path)
    if [a for a in everything if a.suite == name] != list(ordered):
        rewrite_answers(path, [*(a for a in everything if a.suite != name), *ordered])


def _fresh(decoder: Decoder, asking: _Asking, questions: Sequence[Question]) -> Iterator[Answer]:
    """Answers as they are finished, each with the time since the one before it."""
    if not questions:
        return
    suite, tokenizer = asking.suite, asking.tokenizer
    requests = [request_of(tokenizer, suite, q, asking.system_prompt) for q in questions]
    begun = time.perf_counter()
    for decoded in decoder.decode(requests):
        now = time.perf_counter()
        yield _answer(asking, questions[decoded.index], decoded, now - begun)
        begun = now


def _answer(asking: _Asking, question: Question, decoded: Decoded, seconds: float) -> Answer:
    kept = decoded.kept()
    text = asking.tokenizer.decode(kept)
    found = asking.suite.grade(text, question)
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
        tokens=len(kept),
        first_eos=decoded.first_end,
        truncated=decoded.first_end is None,
        seconds=seconds,
        harness=asking.harness,
        settings=asking.settings,
    )


def request_of(
    tokenizer: Tokenizer, suite: Suite, question: Question, system_prompt: str | None
) -> Request:
    """How a question of a suite is asked: its prompt, and the id that its draws depend on."""
    prompt = prompt_ids(tokenizer, suite.prompt(question), system_prompt)
    return Request(prompt, sample_id_of(f"{suite.name}/{question.id}"))


def prompt_ids(tokenizer: Tokenizer, question: str, system_prompt: str | None) -> list[int]:
    """The question as one user turn, up to where the answer begins."""
    system = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    messages = [*system, {"role": "user", "content": question}]
    return tokenizer.encode(tokenizer.chat_text(messages, add_generation_prompt=True))
