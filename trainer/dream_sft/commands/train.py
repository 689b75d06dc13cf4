"""`train`: fine-tune a model on a converted data set, from the start or from a checkpoint."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from dream_sft.commands.compiled_code import compiled_code
from dream_sft.commands.models import open_device
from dream_sft.data.dataset import Dataset
from dream_sft.io.errors import ResourceError, Stopped, is_disk_full
from dream_sft.io.events import Emit
from dream_sft.io.files import FileEntry
from dream_sft.io.process_info import seconds_since_start
from dream_sft.train.assemble import assemble
from dream_sft.train.budgets import Budgets
from dream_sft.train.checkpoint import Checkpoint
from dream_sft.train.compilation import import_compiler
from dream_sft.train.compile_cache import load_compiled_code, use_cached_graphs
from dream_sft.train.compiling_mark import CompilingMark
from dream_sft.train.loop import Run, train
from dream_sft.train.methods.method import Method
from dream_sft.train.methods.open import open_method
from dream_sft.train.preflight import check_inputs
from dream_sft.train.ranks import Ranks, open_ranks
from dream_sft.train.startup import StartUp
from dream_sft.train.watchdog import Watchdog
from dream_sft.train.worst_case import resolve_recomputation, try_worst_case
from dream_sft.train.worst_layout import Documents

log = logging.getLogger("dream_sft.train")


def run(spec: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Train by `spec` (schemas/train-spec.schema.json, defaults filled in); the result event.

    Raises DataError, WeightsError, SpecError, DivergedError, ResourceError, and Stopped when asked
    to stop, after a checkpoint.
    """
    watchdog = Watchdog(spec["training"]["hangFactor"])
    with (
        watchdog.watching("the next part of the start"),
        compiled_code(Path(spec["runDir"]), spec["training"]["compile"]) as mark,
    ):
        this = _trained(spec, emit, watchdog, mark)
    if this.ranks.first:
        return _result(spec, this)
    if spec["output"] is not None:
        this.method.join_export(Path(spec["output"]))
    return {}


def _trained(
    spec: dict[str, Any], emit: Emit, watchdog: Watchdog, mark: CompilingMark | None
) -> Run:
    """The run when its last step is done."""
    compiled = spec["training"]["compile"]
    startup = StartUp(
        Path(spec["runDir"]),
        resumed_from=spec["resumeFrom"],
        compiled=compiled,
        alive=watchdog.alive,
        compiled_all=mark.close if mark is not None else lambda: None,
    )
    dataset, resumed = check_inputs(spec)
    if compiled:
        _find_compiled_code(spec, resumed)
    ranks, device = open_ranks(spec["training"], open_device(spec))
    budgets = Budgets.of(spec, device, dataset, resumed.state.budgets if resumed else ())
    spec = {**spec, "training": budgets.within(ranks), "budgets": budgets.to_json()}
    startup.part("checks")
    if compiled:
        import_compiler()
        startup.part("compiler")
    with budgets.noting():
        method = open_method(spec, device, resumed, ranks)
        startup.part("weights")
        spec = {**spec, "training": _try(method, spec["training"], dataset, ranks)}
        startup.part("tryRow")
        if ranks.first:
            emit = startup.watching(emit)
        this = assemble(spec, emit, dataset, method, resumed, ranks, watchdog)
        startup.part("optimizerRestore")
        _train(spec, this, startup)
    return this


def _find_compiled_code(spec: dict[str, Any], resumed: Checkpoint | None) -> None:
    """Of an attempt before, in the run directory or in the checkpoint."""
    use_cached_graphs()
    if resumed is not None and spec["checkpoints"]["compiledCode"]:
        load_compiled_code(resumed.folder)


def _try(
    method: Method, training: dict[str, Any], dataset: Dataset, ranks: Ranks
) -> dict[str, Any]:
    """The training with recomputation settled, after what takes most memory was tried."""
    documents = Documents.of(dataset, training)
    settled = resolve_recomputation(method, training, documents, ranks)
    try_worst_case(method, settled, documents)
    return settled


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


def _result(spec: dict[str, Any], this: Run) -> dict[str, Any]:
    # Without an output nothing reads the model: it is not written.
    files = [] if spec["output"] is None else _export(this, Path(spec["output"]))
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
        "folder": spec["output"],
        "files": files,
        "metrics": metrics,
    }


def _export(this: Run, output: Path) -> list[FileEntry]:
    try:
        return this.method.export(output)
    except (OSError, SafetensorError) as error:
        if not is_disk_full(error):
            raise
        raise ResourceError(
            f"no space left to write the model to {output} ({error}); free space, then resume",
            "disk",
        ) from error
