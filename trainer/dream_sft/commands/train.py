"""`train`: fine-tune a model on a converted data set, from the start or from a checkpoint."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from dream_sft.commands.models import open_device
from dream_sft.data.dataset import Dataset, load_dataset, read_conversion
from dream_sft.io.errors import DataError, ResourceError, SpecError, Stopped, is_disk_full
from dream_sft.io.events import Emit
from dream_sft.io.files import file_entry
from dream_sft.io.process_info import seconds_since_start
from dream_sft.io.run_dir import Metrics
from dream_sft.io.stop import stop_requested
from dream_sft.model.config import DreamConfig
from dream_sft.model.weights import read_config
from dream_sft.train.batches import Batches
from dream_sft.train.budgets import Budgets
from dream_sft.train.capture import Capture
from dream_sft.train.checkpoint import Checkpoint, read_checkpoint
from dream_sft.train.checkpointer import Checkpointer
from dream_sft.train.compile_cache import (
    keep_compiled_code,
    load_compiled_code,
    use_cached_graphs,
)
from dream_sft.train.fingerprint import differences, fingerprint
from dream_sft.train.loop import Run, train
from dream_sft.train.methods.method import Method
from dream_sft.train.methods.open import open_method
from dream_sft.train.methods.settings import check_settings
from dream_sft.train.micro_batches import TokenIds
from dream_sft.train.open_metrics import open_metrics
from dream_sft.train.prefetch import Prefetcher
from dream_sft.train.preflight import check_base
from dream_sft.train.ranks import ALONE, Ranks, open_ranks
from dream_sft.train.schedule import Schedule, total_steps
from dream_sft.train.silent import JoinedCheckpoints, NoCheckpoints, NoMetrics
from dream_sft.train.spikes import GradientSpikes
from dream_sft.train.startup import StartUp
from dream_sft.train.state import Identity, TrainState, identity_of, state_to_json
from dream_sft.train.step_log import StepLog
from dream_sft.train.trackers.open import check_trackers
from dream_sft.train.validation import Validation
from dream_sft.train.watchdog import Watchdog
from dream_sft.train.worst_case import resolve_recomputation, try_worst_case
from dream_sft.train.worst_layout import Documents

log = logging.getLogger("dream_sft.train")


def run(spec: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Train by `spec` (schemas/train-spec.schema.json, defaults filled in); the result event.

    Raises DataError, WeightsError, SpecError, DivergedError, ResourceError, and Stopped when asked
    to stop, after a checkpoint.
    """
    if Path(spec["output"]).resolve() == Path(spec["base"]).resolve():
        raise SpecError("output: expected another folder than base, which it would overwrite")
    run_dir, compiled = Path(spec["runDir"]), spec["training"]["compile"]
    startup = StartUp(run_dir, resumed_from=spec["resumeFrom"], compiled=compiled)
    check_trackers(spec["training"]["trackers"])
    if compiled:
        log.info("compiled code is kept in %s", keep_compiled_code(run_dir))
        use_cached_graphs()
    ranks, device = open_ranks(spec["training"], open_device(spec))
    dataset = load_dataset(spec["dataset"])
    resumed = None if spec["resumeFrom"] is None else read_checkpoint(Path(spec["resumeFrom"]))
    if compiled and resumed is not None and spec["checkpoints"]["compiledCode"]:
        load_compiled_code(resumed.folder)
    check_settings(spec["training"], spec["device"])
    check_base(Path(spec["base"]), spec["training"])
    _check_tokens(dataset, read_config(Path(spec["base"])))
    budgets = Budgets.of(spec, device, dataset, resumed.state.budgets if resumed else ())
    spec = {**spec, "training": budgets.within(ranks), "budgets": budgets.to_json()}
    startup.part("checks")
    with budgets.noting():
        method = open_method(spec, device, resumed, ranks)
        startup.part("weights")
        documents = Documents.of(dataset, spec["training"])
        settled = resolve_recomputation(method, spec["training"], documents, ranks)
        spec = {**spec, "training": settled}
        try_worst_case(method, settled, documents)
        startup.part("tryRow")
        if ranks.first:
            emit = startup.watching(emit)
        this = assemble(spec, emit, dataset, method, resumed, ranks)
        startup.part("optimizerRestore")
        _train(spec, this, startup)
    if ranks.first:
        return _result(spec, this)
    method.join_export(Path(spec["output"]))
    return {}


def _train(spec: dict[str, Any], this: Run, startup: StartUp) -> None:
    """Raises Stopped when asked to stop."""
    this.emit(
        {
            "type": "ready",
            "step": this.state.step,
            "totalSteps": this.last_step,
            "secondsToReady": round(seconds_since_start(), 3),
            "resumedFrom": spec["resumeFrom"],
        }
    )
    try:
        if not train(this):
            raise Stopped(f"stopped after step {this.state.step}")
    finally:
        startup.finish()
        this.metrics.close()
        this.batches.close()


def _check_tokens(dataset: Dataset, config: DreamConfig) -> None:
    """Data made with another tokenizer would train nonsense in silence."""
    made_with = read_conversion(dataset.folder)["tokenizer"]
    mistakes = [
        f"{name} token: the data set has {made_with[key]}, the model {wanted}"
        for name, key, wanted in (
            ("mask", "maskId", config.mask_token_id),
            ("end", "eosId", config.eos_token_id),
        )
        if made_with[key] != wanted
    ]
    if len(dataset) == 0:
        mistakes.append("the data set holds no document")
    elif int(dataset.ids.max()) >= config.vocab_size or int(dataset.ids.min()) < 0:
        mistakes.append(f"the data set has token ids outside 0..{config.vocab_size - 1}")
    if mistakes:
        raise DataError(
            f"{dataset.folder} does not fit the model; convert with the model's own tokenizer",
            mistakes,
        )


def assemble(
    spec: dict[str, Any],
    emit: Emit,
    dataset: Dataset,
    method: Method,
    resumed: Checkpoint | None,
    ranks: Ranks = ALONE,
) -> Run:
    """The parts of a run around a method whose weights are loaded."""
    training, config = spec["training"], method.model.config
    total = total_steps(training, len(dataset))
    identity = identity_of(training, total, dataset, config.to_dict())
    numerics = fingerprint(training, spec["device"], method.model.packed_kernel)
    state = TrainState()
    if resumed is not None:
        state = _go_on(resumed, identity, method)
        changed = differences(resumed.fingerprint, numerics)
        if changed:
            emit({"type": "resumed_inexactly", "differences": changed})
            state.inexact = True
        log.info("resumed from %s at step %d of %d", resumed.folder, state.step, total)
    state.budgets = spec.get("budgets", [])
    last_step = min(total, spec.get("stopAfterSteps", total))
    _tell(method, len(dataset), state.step, last_step, total)
    records = resumed.records if resumed else ""
    checkpointer, metrics = _files(spec, emit, method, records, state, ranks)
    ids = TokenIds(config.mask_token_id, config.eos_token_id, config.pad_token_id)
    device = method.model.lm_head.weight.device
    return Run(
        method=method,
        batches=Prefetcher(Batches(dataset, training, ids), last_step),
        validation=_validation(dataset, training, ids),
        schedule=Schedule.of(training, total),
        state=state,
        checkpointer=checkpointer,
        capture=Capture(method, Path(spec["checkpoints"]["folder"]), device, ranks),
        metrics=metrics,
        device=device,
        last_step=last_step,
        state_json=lambda state: _frozen_state_json(state, identity, numerics),
        emit=emit,
        stop_requested=stop_requested,
        step_log=StepLog(last_step),
        watchdog=Watchdog(training["hangFactor"]),
        ranks=ranks,
        spikes=GradientSpikes.of_records(records),
    )


def _files(
    spec: dict[str, Any],
    emit: Emit,
    method: Method,
    records: str,
    state: TrainState,
    ranks: Ranks,
) -> tuple[Checkpointer, Metrics]:
    if not ranks.first:
        folder = Path(spec["checkpoints"]["folder"])
        joined = JoinedCheckpoints(folder, method.write) if method.sharded else NoCheckpoints()
        return joined, NoMetrics()
    checkpointer = Checkpointer(spec["checkpoints"], method.write, emit)
    return checkpointer, open_metrics(spec, emit, state, records)


def _tell(method: Method, documents: int, done: int, last_step: int, total: int) -> None:
    parameters = sum(weight.numel() for weight in method.model.parameters())
    trained = sum(weight.numel() for weight in method.weights().values())
    log.info(
        "%d parameters, %d trained, %d documents, steps %d to %d of %d",
        parameters, trained, documents, done + 1, last_step, total,
    )  # fmt: skip


def _validation(dataset: Dataset, training: dict[str, Any], ids: TokenIds) -> Validation | None:
    if training["validation"] is None:
        return None
    return Validation(load_dataset(dataset.folder, held_out=True), training, ids)


def _go_on(resumed: Checkpoint, identity: Identity, method: Method) -> TrainState:
    mistakes = identity.differences(resumed.settings)
    if mistakes:
        raise DataError(
            f"the checkpoint {resumed.folder} belongs to another run; "
            "start without resumeFrom, or use the settings it was made with",
            mistakes,
        )
    try:
        mistakes = method.restore(resumed.folder, resumed.state.updates)
    except (OSError, SafetensorError) as error:
        raise DataError(f"the checkpoint {resumed.folder} is damaged ({error})") from error
    if mistakes:
        raise DataError(f"the optimizer state of {resumed.folder} does not fit", mistakes)
    return resumed.state


def _frozen_state_json(state: TrainState, identity: Identity, numerics: dict[str, str]) -> Any:
    """Training goes on while the checkpoint is written, so the counts are copied now."""
    frozen = replace(state, order=type(state.order)(state.order.hex()))
    return lambda files: state_to_json(frozen, identity, numerics, files)


def _result(spec: dict[str, Any], this: Run) -> dict[str, Any]:
    output = Path(spec["output"])
    try:
        files = this.method.export(output)
    except (OSError, SafetensorError) as error:
        if not is_disk_full(error):
            raise
        raise ResourceError(
            f"no space left to write the model to {output} ({error}); free space, then resume",
            "disk",
        ) from error
    # The first step of an attempt warms caches up and would distort a forecast.
    seconds, tokens = this.step_seconds[1:], this.step_tokens[1:]
    if not seconds:
        seconds, tokens = this.step_seconds, this.step_tokens
    elapsed = sum(seconds)
    metrics = {
        "steps": this.state.step,
        "stepsThisAttempt": len(this.step_seconds),
        "tokens": this.state.tokens,
        "finalLoss": this.state.loss,
        "orderHash": this.state.order.hex(),
        "weightsSha256": this.method.weights_sha256(),
        "tokensPerSecond": sum(tokens) / elapsed if elapsed else 0.0,
        "secondsPerStep": elapsed / len(seconds) if seconds else 0.0,
        "resumedInexactly": this.state.inexact,
        "gradientSpikes": this.spikes.count,
        "parameters": sum(w.numel() for w in this.method.model.parameters()),
        "trainableParameters": sum(w.numel() for w in this.method.weights().values()),
    }
    return {
        "type": "result",
        "command": "train",
        "folder": str(output),
        "files": [file_entry(output, str(path.relative_to(output))) for path in files],
        "metrics": metrics,
    }
