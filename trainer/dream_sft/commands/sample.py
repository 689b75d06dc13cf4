"""`sample`: answer questions with a model; on request a trace of how the answers formed, and an
event for what every step reveals, as it happens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dream_sft.commands.models import open_device, open_model, open_tokenizer, sampling_config
from dream_sft.commands.revealed import revealed_token
from dream_sft.data.tokenizer import Tokenizer
from dream_sft.diffusion.noise import sample_id_of
from dream_sft.evaluation.run import prompt_ids
from dream_sft.io.events import Emit
from dream_sft.io.files import file_entry, write_atomic
from dream_sft.sampling.sampler import Answers, sample
from dream_sft.sampling.trace import Reveal

Row = dict[str, Any]


def run(spec: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Answer `spec["questions"]`; the result event.

    Raises SpecError, WeightsError, DataError.
    """
    sampling = sampling_config(spec["sampling"])
    model = open_model(spec["model"], open_device(spec)).eval()
    tokenizer = open_tokenizer(spec["model"], model)
    questions = spec["questions"]
    prompts = [prompt_ids(tokenizer, question, spec["systemPrompt"]) for question in questions]
    ids = [sample_id_of(question) for question in questions]
    begun = time.perf_counter()
    decoded = sample(
        model,
        prompts,
        ids,
        sampling,
        trace="trace" in spec,
        slots=spec.get("slots"),
        watch=_watcher(tokenizer, sampling.max_new_tokens, emit) if spec["watch"] else None,
    )
    seconds = time.perf_counter() - begun
    answers = [_answer(tokenizer, decoded, row, question) for row, question in enumerate(questions)]
    tokens = sum(answer["tokens"] for answer in answers)
    folder, files = None, []
    if "trace" in spec:
        path = Path(spec["trace"])
        write_atomic(path, _trace_lines(tokenizer, decoded, answers))
        folder, files = str(path.parent), [file_entry(path.parent, path.name)]
    metrics = {
        "answers": answers,
        "secondsPerToken": seconds / max(tokens, 1),
        "seconds": seconds,
    }
    return {
        "type": "result",
        "command": "sample",
        "folder": folder,
        "files": files,
        "metrics": metrics,
    }


def _watcher(tokenizer: Tokenizer, canvas: int, emit: Emit) -> Callable[[list[Reveal]], None]:
    def watch(reveals: list[Reveal]) -> None:
        first = reveals[0]
        emit(
            {
                "type": "revealed",
                "question": first.row,
                "step": first.step,
                "canvas": canvas,
                "tokens": [revealed_token(tokenizer, reveal) for reveal in reveals],
            }
        )

    return watch


def _answer(tokenizer: Tokenizer, decoded: Answers, row: int, question: str) -> Row:
    kept = decoded.until_end(row, tokenizer.eos_id)
    return {
        "question": question,
        "answer": tokenizer.decode(kept),
        "tokens": len(kept),
        "steps": int(decoded.steps[row]),
    }


def _trace_lines(tokenizer: Tokenizer, decoded: Answers, answers: Sequence[Row]) -> str:
    """One JSON line a question: which canvas position became which token at which step."""
    assert decoded.trace is not None
    lines = []
    for row, answer in enumerate(answers):
        reveals = [{"step": r.step, **revealed_token(tokenizer, r)} for r in decoded.trace.of(row)]
        whole = {**answer, "canvas": decoded.tokens.shape[1], "reveals": reveals}
        lines.append(json.dumps(whole, ensure_ascii=False) + "\n")
    return "".join(lines)
