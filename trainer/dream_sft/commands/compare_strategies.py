"""`strategies`: the same questions decoded in several ways; score, speed and passes of each.

1. Every strategy sees the same questions, seeds and number of slots; one question is answered
   before the clock starts, since the first pays for what is set up once.
2. What a strategy measured is on disk whole before the next begins. A loss or a stop repeats one
   strategy: part of a measurement would give times and passes of part of the answers.
3. A measurement counts again only under equal settings: weights, questions, sampling, prompt,
   slots, device, threads and torch. Another one is made anew, with a warning.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dream_sft.commands.models import open_device, open_model, open_tokenizer
from dream_sft.data.tokenizer import Tokenizer, load_tokenizer
from dream_sft.diffusion.noise import sample_id_of
from dream_sft.evaluation.answers import Answer, read_answers
from dream_sft.evaluation.gathering import ANSWERS
from dream_sft.evaluation.run import Progress, ask, harness_digest, prompt_ids
from dream_sft.evaluation.scores import score_of
from dream_sft.evaluation.statistics import paired_difference
from dream_sft.evaluation.suites import Suite, load_suite
from dream_sft.evaluation.timed_decoder import TimedDecoder
from dream_sft.io.errors import SpecError, Stopped, WeightsError
from dream_sft.io.events import Emit
from dream_sft.io.files import file_entry, write_atomic
from dream_sft.io.stop import stop_requested
from dream_sft.model import weights
from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig, SamplingError
from dream_sft.sampling.engine import Sampler
from dream_sft.sampling.requests import Request

log = logging.getLogger("dream_sft.strategies")
DOCUMENT, MEASURED = "strategies.json", "measured.json"
Row = dict[str, Any]
Strategies = dict[str, SamplingConfig]


@dataclass(frozen=True)
class _Bench:
    """What all strategies share."""

    spec: Row
    model: Dream
    tokenizer: Tokenizer
    suite: Suite
    digest: str  # of the weights

    def settings(self, sampler: Sampler) -> str:
        """16 hexadecimal digits over everything that a measurement depends on."""
        prompt = self.spec["systemPrompt"]
        harness = harness_digest(self.tokenizer, self.suite, sampler, prompt)
        device = device_name(self.model)
        machine = [device, torch.get_num_threads(), torch.__version__]
        text = json.dumps([harness, self.digest, machine])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def run(spec: Row, emit: Emit) -> Row:
    """Measure every strategy of `spec["strategies"]`; the result event.

    Raises SpecError (settings that cannot work, before anything is read), WeightsError, DataError,
    and Stopped between two batches when asked to stop.
    """
    strategies = check_settings(spec["strategies"])
    suite = load_suite(spec["suite"])
    check_lengths(spec, strategies, suite)
    model = open_model(spec["model"], open_device(spec)).eval()
    digest = weights.weights_sha256(Path(spec["model"]))
    bench = _Bench(spec, model, open_tokenizer(spec["model"], model), suite, digest)
    fresh, rows = 0, []
    for place, (name, config) in enumerate(strategies.items()):
        sampler = Sampler(model, config, slots=spec["batchSize"])
        row = standing(_folder(spec, name), bench.settings(sampler), emit)
        if row is None:
            row = _measure(bench, name, spec["strategies"][place]["sampling"], sampler, emit)
            fresh += 1
        rows.append(row)
        _tell(row)
    compared = against_first(rows, [_answers(spec, row["name"]) for row in rows])
    return _result(bench, compared, fresh)


def check_settings(entries: Sequence[Row]) -> Strategies:
    """Name → settings. Raises SpecError with every mistake of every strategy."""
    found: Strategies = {}
    mistakes = []
    for entry in entries:
        name = entry["name"]
        if name in found:
            mistakes.append(f"{name}: named twice")
        try:
            found[name] = SamplingConfig.from_dict(entry["sampling"])
        except SamplingError as error:
            mistakes += [f"{name}: {mistake}" for mistake in error.mistakes]
    if mistakes:
        raise SpecError("strategies that cannot run; nothing was measured", mistakes)
    return found


def check_lengths(spec: Row, strategies: Strategies, suite: Suite) -> None:
    """Raises SpecError naming every strategy whose canvas the model has no positions for.

    Needs the model's config.json and tokenizer, not its weights.
    """
    try:
        most = weights.read_config(Path(spec["model"])).max_position_embeddings
    except weights.WeightsError as error:
        raise WeightsError(f"cannot use the model in {spec['model']}", error.mistakes) from error
    tokenizer, prompt = load_tokenizer(spec["model"]), spec["systemPrompt"]
    longest = max(len(prompt_ids(tokenizer, suite.prompt(q), prompt)) for q in suite.questions)
    mistakes = [
        f"{name}: maxNewTokens {config.max_new_tokens} after a prompt of {longest} tokens; "
        f"the model has {most} positions"
        for name, config in strategies.items()
        if longest + config.max_new_tokens > most
    ]
    if mistakes:
        raise SpecError("strategies that cannot run; nothing was measured", mistakes)


def standing(folder: Path, settings: str, emit: Emit) -> Row | None:
    """What was measured under these very settings, if it is all there."""
    try:
        row: Row = json.loads((folder / MEASURED).read_text(encoding="utf-8"))
        if row["settings"] == settings and len(read_answers(folder / ANSWERS)) == row["n"]:
            return row
        why = "was measured under other settings"
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        why = "is damaged"
    emit({"type": "warning", "message": f"{folder.name}: what stands there {why}; measured anew"})
    return None


def _measure(bench: _Bench, name: str, sampling: Row, sampler: Sampler, emit: Emit) -> Row:
    folder = _folder(bench.spec, name)
    for file in (MEASURED, ANSWERS):
        (folder / file).unlink(missing_ok=True)
    _warm_up(bench, sampler)
    decoder = TimedDecoder(sampler)

    def after_batch(progress: Progress) -> None:
        done, total = progress.done, progress.total
        emit({"type": "progress", "what": name, "done": done, "total": total, "unit": "questions"})
        if stop_requested() and done < total:
            raise Stopped(f"stopped within strategy {name}; those before it stand")

    folder.mkdir(parents=True, exist_ok=True)
    ask(
        decoder,
        bench.tokenizer,
        bench.suite,
        out_path=folder / ANSWERS,
        on_batch=after_batch,
        system_prompt=bench.spec["systemPrompt"],
        model_digest=bench.digest,
    )
    answers = read_answers(folder / ANSWERS)
    row = {"name": name, "sampling": sampling, "batchSize": sampler.slots} | _numbers(
        decoder, sampler, answers
    )
    row["settings"] = bench.settings(sampler)
    write_atomic(folder / MEASURED, json.dumps(row, indent=2, ensure_ascii=False) + "\n")
    return row


def _warm_up(bench: _Bench, sampler: Sampler) -> None:
    first = bench.suite.prompt(bench.suite.questions[0])
    prompt = prompt_ids(bench.tokenizer, first, bench.spec["systemPrompt"])
    list(sampler.decode([Request(prompt, sample_id_of("warm-up"))]))
    sampler.passes.update(dict.fromkeys(sampler.passes, 0))


def _numbers(decoder: TimedDecoder, sampler: Sampler, answers: Sequence[Answer]) -> Row:
    score, tokens = score_of(answers), sum(answer.tokens for answer in answers)
    # A clock that is too coarse must not divide by nothing.
    seconds = max(decoder.seconds, 1e-6)
    return {
        "n": score.n,
        "correct": score.correct,
        "score": score.score,
        "interval": list(score.interval),
        "unreadable": score.unreadable,
        "empty": score.empty,
        "truncated": score.truncated,
        "answerTokens": tokens,
        "meanAnswerTokens": score.mean_answer_tokens,
        "seconds": seconds,
        "tokensPerSecond": tokens / seconds,
        "forwardsPerAnswer": decoder.passes / decoder.answers,
        "stepsPerAnswer": decoder.steps / decoder.answers,
        "forwards": dict(sampler.passes),
    }


def against_first(rows: Sequence[Row], answers: Sequence[Sequence[Answer]]) -> list[Row]:
    """Each row with its paired difference to the first (Newcombe's interval, exact McNemar)."""
    first = {answer.id: answer for answer in answers[0]}
    compared: list[Row] = [{**rows[0], "againstFirst": None}]
    for row, mine in zip(rows[1:], answers[1:], strict=True):
        pairs = [(first[answer.id], answer) for answer in mine]
        paired = paired_difference([a.correct for a, _ in pairs], [b.correct for _, b in pairs])
        against = {
            "difference": paired.difference,
            "interval": list(paired.interval),
            "p": paired.p,
            "sameText": sum(a.answer == b.answer for a, b in pairs) / len(pairs),
        }
        compared.append({**row, "againstFirst": against})
    return compared


def _result(bench: _Bench, compared: list[Row], fresh: int) -> Row:
    spec, output = bench.spec, Path(bench.spec["output"])
    document = {
        "version": 1,
        "suite": bench.suite.name,
        "suiteVersion": bench.suite.version,
        "questions": spec["suite"],
        "weightsSha256": bench.digest,
        "systemPrompt": spec["systemPrompt"],
        "device": device_name(bench.model),
        "strategies": compared,
    }
    write_atomic(output / DOCUMENT, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    names = [DOCUMENT, *(f"{row['name']}/{ANSWERS}" for row in compared)]
    return {
        "type": "result",
        "command": "strategies",
        "folder": str(output),
        "files": [file_entry(output, name) for name in names],
        "metrics": {"measured": fresh, "strategies": compared},
    }


def device_name(model: Dream) -> str:
    """`cpu`, or the name of the GPU that the model lies on."""
    device = model.lm_head.weight.device
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _folder(spec: Row, name: str) -> Path:
    return Path(spec["output"]) / name


def _answers(spec: Row, name: str) -> list[Answer]:
    return read_answers(_folder(spec, name) / ANSWERS)


def _tell(row: Row) -> None:
    log.info(
        "%s: %d of %d right, %.1f tokens/s, %.1f forwards an answer",
        row["name"],
        row["correct"],
        row["n"],
        row["tokensPerSecond"],
        row["forwardsPerAnswer"],
    )
