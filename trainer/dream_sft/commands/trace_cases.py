"""`trace`: decode chosen questions of suites once more as an evaluation does, and save how each
answer formed.

A row's tokens depend on model, settings, number of slots and its own prompt (sampling.engine), so
these few questions give the evaluation's own answers; every line says whether it did.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dream_sft.commands.compiled_code import compiled_code
from dream_sft.commands.evaluation_sampler import evaluation_kernels, open_sampler
from dream_sft.commands.models import open_device, open_model, open_tokenizer, sampling_config
from dream_sft.commands.revealed import revealed_token
from dream_sft.data.tokenizer import Tokenizer
from dream_sft.evaluation.gathering import gather
from dream_sft.evaluation.run import request_of
from dream_sft.evaluation.suites import Question, Suite, load_suite
from dream_sft.io.errors import DataError
from dream_sft.io.events import Emit
from dream_sft.io.files import file_entry, write_atomic
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.kernels import Kernels
from dream_sft.sampling.requests import Decoded

log = logging.getLogger("dream_sft.trace")
Row = dict[str, Any]
Case = tuple[Suite, Question]


def run(spec: Row, emit: Emit) -> Row:
    """Decode `spec["cases"]`; the result event.

    Raises SpecError, WeightsError, and DataError (a case that is no question of the suites, answers
    that cannot be read).
    """
    sampling = sampling_config(spec["sampling"])
    cases = find_cases(spec["suites"], spec["cases"])
    known = _known(spec["answers"])
    kernels = evaluation_kernels(spec)
    with compiled_code(Path(spec["runDir"]), kernels.compiled):
        return _traced(spec, emit, cases, known, sampling, kernels)


def _traced(
    spec: Row,
    emit: Emit,
    cases: list[Case],
    known: dict[tuple[str, str], str],
    sampling: SamplingConfig,
    kernels: Kernels,
) -> Row:
    model = open_model(spec["model"], open_device(spec)).eval()
    tokenizer = open_tokenizer(spec["model"], model)
    sampler = open_sampler(spec, model, sampling, kernels)
    requests = [request_of(tokenizer, *case, spec["systemPrompt"]) for case in cases]
    rows: dict[int, Row] = {}
    begun = time.perf_counter()
    for decoded in sampler.decode(requests, trace=True):
        rows[decoded.index] = _row(tokenizer, cases[decoded.index], decoded, known)
        done = {"done": len(rows), "total": len(cases), "unit": "questions"}
        emit({"type": "progress", "what": "trace", **done})
    seconds = time.perf_counter() - begun
    lines = [rows[index] for index in range(len(cases))]
    return _result(Path(spec["output"]), lines, seconds)


def find_cases(entries: Sequence[Row], wanted: Sequence[Mapping[str, str]]) -> list[Case]:
    """The questions named, in that order. Raises DataError naming every one that nobody asks."""
    suites = {entry["name"]: load_suite(entry) for entry in entries}
    asked = {
        (name, question.id): (suite, question)
        for name, suite in suites.items()
        for question in suite.questions
    }
    missing = [f"{c['suite']}:{c['id']}" for c in wanted if (c["suite"], c["id"]) not in asked]
    if missing:
        raise DataError("these cases are no questions of the evaluation", missing)
    return [asked[case["suite"], case["id"]] for case in wanted]


def _known(answers: Sequence[str]) -> dict[tuple[str, str], str]:
    """(suite, id) → the answer of the evaluation."""
    suites = gather(answers) if answers else {}
    return {(one.suite, one.id): one.answer for found in suites.values() for one in found}


def _row(tokenizer: Tokenizer, case: Case, decoded: Decoded, known: dict[Any, str]) -> Row:
    suite, question = case
    kept = decoded.kept()
    text = tokenizer.decode(kept)
    evaluated = known.get((suite.name, question.id))
    return {
        "suite": suite.name,
        "id": question.id,
        "question": question.question,
        "answer": text,
        "asEvaluated": None if evaluated is None else text == evaluated,
        "tokens": len(kept),
        "steps": decoded.steps,
        "canvas": len(decoded.tokens),
        "reveals": [
            {"step": reveal.step, **revealed_token(tokenizer, reveal)}
            for reveal in decoded.reveals or []
        ],
    }


def _result(output: Path, lines: Sequence[Row], seconds: float) -> Row:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_atomic(output / "traces.jsonl", text)
    same = [line["asEvaluated"] for line in lines]
    log.info("%d cases decoded, %d of them as evaluated", len(lines), same.count(True))
    return {
        "type": "result",
        "command": "trace",
        "folder": str(output),
        "files": [file_entry(output, "traces.jsonl")],
        "metrics": {
            "cases": len(lines),
            "asEvaluated": same.count(True),
            "otherwise": same.count(False),
            "seconds": seconds,
        },
    }
