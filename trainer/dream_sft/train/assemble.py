"""The parts of a run, put together around a method whose weights are loaded."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from dream_sft.data.dataset import Dataset, load_dataset
from dream_sft.io.errors import DataError
from dream_sft.io.events import Emit
from dream_sft.io.run_dir import Metrics
from dream_sft.io.stop import stop_requested
from dream_sft.train.batches import Batches
from dream_sft.train.capture import Capture
from dream_sft.train.checkpoint import Checkpoint
from dream_sft.train.checkpointer import Checkpointer
from dream_sft.train.fingerprint import differences, fingerprint
from dream_sft.train.loop import Run
from dream_sft.train.methods.method import Method
from dream_sft.train.micro_batches import TokenIds
from dream_sft.train.open_metrics import open_metrics
from dream_sft.train.prefetch import Prefetcher
from dream_sft.train.ranks import ALONE, Ranks
from dream_sft.train.schedule import Schedule, total_steps
from dream_sft.train.silent import JoinedCheckpoints, NoCheckpoints, NoMetrics
from dream_sft.train.spikes import GradientSpikes
from dream_sft.train.state import Identity, TrainState, identity_of, state_to_json
from dream_sft.train.step_log import StepLog
from dream_sft.train.validation import Validation
from dream_sft.train.watchdog import Watchdog

log = logging.getLogger("dream_sft.train")


def assemble(
    spec: dict[str, Any],
    emit: Emit,
    dataset: Dataset,
    method: Method,
    resumed: Checkpoint | None,
    ranks: Ranks = ALONE,
    watchdog: Watchdog | None = None,
) -> Run:
    """The parts of a run around a method whose weights are loaded."""
    training, config = spec["training"], method.model.config
    total = total_steps(training, len(dataset))
    identity = identity_of(training, total, dataset, config.to_dict(), method.base_sha256)
    numerics = fingerprint(training, spec["device"], method.model.packed_kernel)
    state = TrainState()
    if resumed is not None:
        state = _go_on(resumed, method)
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
        watchdog=watchdog or Watchdog(training["hangFactor"]),
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


def _go_on(resumed: Checkpoint, method: Method) -> TrainState:
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
