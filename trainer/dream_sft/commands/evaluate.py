"""`evaluate`: answer and grade suites in batches; a stop or a loss repeats at most one batch."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path
from typing import Any

from dream_sft.commands.compiled_code import compiled_code
from dream_sft.commands.evaluation_sampler import evaluation_kernels, open_sampler
from dream_sft.commands.models import open_device, open_model, open_tokenizer, sampling_config
from dream_sft.evaluation.answers import read_answers
from dream_sft.evaluation.detectable import smallest_detectable
from dream_sft.evaluation.gathering import ANSWERS, result_of
from dream_sft.evaluation.judgement import SCREENING
from dream_sft.evaluation.run import Progress, ask
from dream_sft.evaluation.scores import metrics_of
from dream_sft.evaluation.suites import Suite, load_suite
from dream_sft.io.errors import DataError, SpecError, Stopped
from dream_sft.io.events import Emit
from dream_sft.io.files import FileEntry, file_entries, write_atomic, write_folder
from dream_sft.io.stop import stop_requested
from dream_sft.model.weights import weights_sha256
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.kernels import Kernels
from dream_sft.train.compiling_mark import CompilingMark

log = logging.getLogger("dream_sft.evaluate")
Part = tuple[Suite, tuple[int, int]]  # a suite and its questions [from, to)


def run(spec: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Evaluate `spec["model"]` on `spec["suites"]`; the result event.

    Raises SpecError, WeightsError, DataError, and Stopped when asked to stop, after a checkpoint.
    """
    sampling = sampling_config(spec["sampling"])
    parts = _parts(_suites(spec["suites"]), spec["shard"])
    kernels = evaluation_kernels(spec)
    answers = Path(spec["output"]) / ANSWERS
    _bring_answers(spec["resumeFrom"], answers)
    before = len(read_answers(answers))
    with compiled_code(Path(spec["runDir"]), kernels.compiled) as mark:
        keeper = _Keeper(spec, emit, parts, answers, mark)
        _answer(spec, parts, sampling, kernels, keeper, answers)
    found = read_answers(answers)
    by_suite = {suite.name: [a for a in found if a.suite == suite.name] for suite, _ in parts}
    return result_of("evaluate", answers.parent, metrics_of(by_suite, len(found) - before))


def _answer(
    spec: dict[str, Any],
    parts: list[Part],
    sampling: SamplingConfig,
    kernels: Kernels,
    keeper: _Keeper,
    answers: Path,
) -> None:
    model = open_model(spec["model"], open_device(spec)).eval()
    tokenizer = open_tokenizer(spec["model"], model)
    digest = weights_sha256(Path(spec["model"]))
    sampler = open_sampler(spec, model, sampling, kernels)
    for suite, shard in parts:
        _announce(suite, shard)
        ask(
            sampler,
            tokenizer,
            suite,
            out_path=answers,
            on_batch=keeper.after_batch,
            system_prompt=spec["systemPrompt"],
            model_digest=digest,
            shard=shard,
        )


def _announce(suite: Suite, shard: tuple[int, int]) -> None:
    """What these questions can show, said before they are paid for."""
    n = len(suite.questions)
    points = 100 * smallest_detectable(n)
    log.info(
        "%s version %d: questions %d to %d of %d; all of them show a difference of %.1f points%s",
        suite.name,
        suite.version,
        *shard,
        n,
        points,
        " (screening only)" if n <= SCREENING else "",
    )


def _suites(entries: list[dict[str, Any]]) -> list[Suite]:
    names = [entry["name"] for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecError("suites: each may be named once", [f"{name}: twice" for name in twice])
    return [load_suite(entry) for entry in entries]


def _parts(suites: list[Suite], shard: dict[str, int] | None) -> list[Part]:
    """Each suite with its share of the questions [from, to), counted through all suites."""
    total = sum(len(suite.questions) for suite in suites)
    first, last = (0, total) if shard is None else (shard["from"], shard["to"])
    if not first < last <= total:
        raise SpecError(f"shard: expected from < to <= {total} questions, got {first} to {last}")
    parts, before = [], 0
    for suite in suites:
        n = len(suite.questions)
        bounds = (max(0, first - before), min(n, last - before))
        if bounds[0] < bounds[1]:
            parts.append((suite, bounds))
        before += n
    return parts


def _bring_answers(resume_from: str | None, answers: Path) -> None:
    """Without `resumeFrom`, answers that already stand in the output count (same settings only)."""
    if resume_from is None:
        return
    source = Path(resume_from) / ANSWERS
    try:
        write_atomic(answers, source.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"{resume_from} is no checkpoint of an evaluation: no {ANSWERS}") from error


class _Keeper:
    """After each batch: say so, stage the answers so far, and end when asked to."""

    def __init__(
        self,
        spec: dict[str, Any],
        emit: Emit,
        parts: list[Part],
        answers: Path,
        mark: CompilingMark | None,
    ) -> None:
        self._emit, self._answers, self._mark = emit, answers, mark
        self._folder = Path(spec["checkpoints"]["folder"])
        self._every: int = spec["checkpoints"]["everyBatches"]
        sizes = [-(-(last - first) // spec["batchSize"]) for _, (first, last) in parts]
        self._earlier = {s.name: sum(sizes[:number]) for number, (s, _) in enumerate(parts)}
        self._total = sum(sizes)

    def after_batch(self, progress: Progress) -> None:
        if self._mark is not None:
            self._mark.settled()
        batches = self._earlier[progress.suite] + progress.batches_done
        self._emit(
            {
                "type": "answers",
                "suite": progress.suite,
                "batchesDone": progress.batches_done,
                "batchesTotal": progress.batches_total,
                "done": progress.done,
                "total": progress.total,
                "correct": progress.correct,
            }
        )
        log.info("%s: %d of %d, %d right", *_numbers(progress))
        stopping = stop_requested() and batches < self._total
        if stopping or batches % self._every == 0 or batches == self._total:
            self._stage(batches)
        if stopping:
            raise Stopped(f"stopped after batch {batches} of {self._total}")

    def _stage(self, batches: int) -> None:
        begun = time.monotonic()

        def fill(temporary: Path) -> list[FileEntry]:
            shutil.copyfile(self._answers, temporary / ANSWERS)
            return file_entries(temporary)

        folder = self._folder / f"step-{batches}"
        files = write_folder(folder, fill)
        seconds = round(time.monotonic() - begun, 6)
        self._emit(
            {
                "type": "checkpoint-ready",
                "step": batches,
                "folder": str(folder),
                "files": files,
                "seconds": seconds,
                "stallSeconds": seconds,
            }
        )


def _numbers(progress: Progress) -> tuple[str, int, int, int]:
    return progress.suite, progress.done, progress.total, progress.correct
