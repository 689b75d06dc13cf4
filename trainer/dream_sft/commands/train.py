"""`train`: fine-tune a model on a converted data set, from the start or from a checkpoint."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from dream_sft.commands.models import open_device, open_model
from dream_sft.data.dataset import Dataset, load_dataset, read_conversion
from dream_sft.io.errors import DataError, ResourceError, SpecError, Stopped, is_disk_full
from dream_sft.io.events import Emit
from dream_sft.io.files import file_entry
from dream_sft.io.process_info import seconds_since_start
from dream_sft.io.run_dir import Metrics
from dream_sft.io.stop import stop_requested
from dream_sft.model.network import Dream
from dream_sft.model.weights import model_sha256, save_dream
from dream_sft.train.batches import Batches, TokenIds
from dream_sft.train.checkpoint import Checkpoint, read_checkpoint
from dream_sft.train.checkpointer import Checkpointer
from dream_sft.train.fingerprint import differences, fingerprint
from dream_sft.train.loop import Run, train
from dream_sft.train.optimizer import AdamW
from dream_sft.train.schedule import Schedule, total_steps
from dream_sft.train.state import Identity, TrainState, identity_of, state_to_json
from dream_sft.train.step_log import StepLog

log = logging.getLogger("dream_sft.train")


def run(spec: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Train by `spec` (schemas/train-spec.schema.json, defaults filled in); the result event.

    Raises DataError, WeightsError, SpecError, DivergedError, ResourceError, and Stopped when asked
    to stop, after a checkpoint.
    """
    if Path(spec["output"]).resolve() == Path(spec["base"]).resolve():
        raise SpecError("output: expected another folder than base, which it would overwrite")
    device = open_device(spec)
    dataset = load_dataset(spec["dataset"])
    resumed = None if spec["resumeFrom"] is None else read_checkpoint(Path(spec["resumeFrom"]))
    model = open_model(_weights_folder(spec, resumed), device)
    _check_tokens(dataset, model)
    this = _assemble(spec, emit, device, dataset, model, resumed)
    emit(
        {
            "type": "ready",
            "step": this.state.step,
            "totalSteps": this.schedule.total,
            "secondsToReady": round(seconds_since_start(), 3),
            "resumedFrom": spec["resumeFrom"],
        }
    )
    try:
        if not train(this):
            raise Stopped(f"stopped after step {this.state.step}")
    finally:
        this.metrics.close()
    return _result(spec, this)


def _weights_folder(spec: dict[str, Any], resumed: Checkpoint | None) -> str:
    return str(spec["base"]) if resumed is None else str(resumed.folder / "model")


def _check_tokens(dataset: Dataset, model: Dream) -> None:
    """Data made with another tokenizer would train nonsense in silence."""
    made_with = read_conversion(dataset.folder)["tokenizer"]
    config = model.config
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


def _assemble(
    spec: dict[str, Any],
    emit: Emit,
    device: torch.device,
    dataset: Dataset,
    model: Dream,
    resumed: Checkpoint | None,
) -> Run:
    training = spec["training"]
    total = total_steps(training, len(dataset))
    identity = identity_of(training, total, dataset, model.config.to_dict())
    optimizer = AdamW(model, training)
    numerics = fingerprint(training, spec["device"])
    state = TrainState()
    if resumed is not None:
        state = _go_on(resumed, identity, optimizer)
        changed = differences(resumed.fingerprint, numerics)
        if changed:
            emit({"type": "resumed_inexactly", "differences": changed})
            state.inexact = True
        log.info("resumed from %s at step %d of %d", resumed.folder, state.step, total)
    last_step = min(total, spec.get("stopAfterSteps", total))
    parameters = sum(weight.numel() for weight in model.parameters())
    log.info(
        "%d parameters, %d documents, steps %d to %d of %d",
        parameters,
        len(dataset),
        state.step + 1,
        last_step,
        total,
    )
    config = model.config
    ids = TokenIds(config.mask_token_id, config.eos_token_id, config.pad_token_id)
    return Run(
        model=model.train(),
        optimizer=optimizer,
        batches=Batches(dataset, training, ids),
        schedule=Schedule.of(training, total),
        state=state,
        checkpointer=Checkpointer(spec["checkpoints"], model, Path(spec["base"]), emit),
        metrics=Metrics(
            Path(spec["runDir"]), step=state.step, records=resumed.records if resumed else ""
        ),
        training=training,
        device=device,
        last_step=last_step,
        state_json=lambda state: _frozen_state_json(state, identity, numerics),
        emit=emit,
        stop_requested=stop_requested,
        step_log=StepLog(last_step),
    )


def _go_on(resumed: Checkpoint, identity: Identity, optimizer: AdamW) -> TrainState:
    mistakes = identity.differences(resumed.settings)
    if mistakes:
        raise DataError(
            f"the checkpoint {resumed.folder} belongs to another run; "
            "start without resumeFrom, or use the settings it was made with",
            mistakes,
        )
    try:
        moments = resumed.moments()
    except (OSError, SafetensorError) as error:
        raise DataError(f"the checkpoint {resumed.folder} is damaged ({error})") from error
    mistakes = optimizer.restore(moments, resumed.state.updates)
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
        files = save_dream(this.model, output, source=Path(spec["base"]))
    except (OSError, SafetensorError) as error:
        if not is_disk_full(error):
            raise
        raise ResourceError(
            f"no space left to write the model to {output} ({error}); free space, then resume",
            "disk",
        ) from error
    weights = list(this.model.parameters())
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
        "weightsSha256": model_sha256(this.model),
        "tokensPerSecond": sum(tokens) / elapsed if elapsed else 0.0,
        "secondsPerStep": elapsed / len(seconds) if seconds else 0.0,
        "resumedInexactly": this.state.inexact,
        "parameters": sum(w.numel() for w in weights),
        "trainableParameters": sum(w.numel() for w in weights if w.requires_grad),
    }
    return {
        "type": "result",
        "command": "train",
        "folder": str(output),
        "files": [file_entry(output, path.name) for path in files],
        "metrics": metrics,
    }
