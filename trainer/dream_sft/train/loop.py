"""The training loop.

The promises this code keeps (design.md, "Checkpoints"; reviewed against these numbers):
1. A checkpoint becomes visible whole or not at all (checkpoint.write_checkpoint).
4. Resume is exact: a step is a pure function of (data, configuration, step number, weights,
   moments). Nothing else survives from one step to the next, so nothing else is saved; the order
   hash proves samples, noise and schedule, the fingerprint tells when bits may differ.
7. Training stops for a checkpoint only while weights and moments are copied; for the best and for
   an epoch's end also until the one before is written (Checkpointer). The one in flight is written
   to its end also when a step fails.
Further (what a step promises stands in methods/accumulation.py):
a. A request to stop is answered between two steps, never within one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import torch

from dream_sft.io.events import Emit
from dream_sft.io.process_info import resident_bytes
from dream_sft.io.run_dir import Metrics
from dream_sft.train.capture import Capture
from dream_sft.train.checkpoint import Snapshot
from dream_sft.train.checkpointer import Checkpointer
from dream_sft.train.flops import peak_flops, step_flops
from dream_sft.train.methods.method import Method, StepResult
from dream_sft.train.micro_batches import GlobalBatch
from dream_sft.train.prefetch import Prefetcher
from dream_sft.train.ranks import ALONE, Ranks
from dream_sft.train.schedule import Schedule
from dream_sft.train.spikes import GradientSpikes
from dream_sft.train.state import TrainState
from dream_sft.train.step_log import StepLog
from dream_sft.train.validation import Validation, validate_after_step
from dream_sft.train.watchdog import Watchdog


@dataclass
class Run:
    """The parts of one training run, put together by the command."""

    method: Method
    batches: Prefetcher
    validation: Validation | None
    schedule: Schedule
    state: TrainState
    checkpointer: Checkpointer
    capture: Capture
    metrics: Metrics
    device: torch.device
    last_step: int
    state_json: Callable[[TrainState], Callable[[list[dict[str, Any]]], str]]
    emit: Emit
    stop_requested: Callable[[], bool]
    step_log: StepLog
    watchdog: Watchdog
    ranks: Ranks = ALONE
    spikes: GradientSpikes = field(default_factory=GradientSpikes)
    step_seconds: list[float] = field(default_factory=list)
    step_tokens: list[int] = field(default_factory=list)


def train(run: Run) -> bool:
    """Train to `last_step`; False when asked to stop before (a checkpoint is then staged)."""
    run.checkpointer.prepare(run.state.step)
    if run.ranks.first or run.method.sharded:
        run.capture.prepare()
    with run.watchdog.watching("the first step"):
        try:
            return _train(run)
        except Exception:
            _finish_checkpoint_in_flight(run)
            raise


def _train(run: Run) -> bool:
    seconds_checkpoint = 0.0
    while run.state.step < run.last_step:
        if run.ranks.agree(run.stop_requested()):
            run.ranks.close()
            with run.watchdog.patient("the last checkpoint"):
                _stage_last_checkpoint(run)
            return False
        begun = time.monotonic()
        batch = run.batches.batch(run.state.step + 1)
        rate = run.schedule.at(batch.step)
        data_ready = time.monotonic()
        result = run.method.step(batch, rate)
        _advance(run.state, batch, rate, result)
        computed = time.monotonic()
        timing = (begun, data_ready, computed, seconds_checkpoint)
        _report(run, batch, rate, result, timing)
        run.watchdog.step(computed - begun)
        # A disk may take minutes for the checkpoint that the next one waits for.
        with run.watchdog.patient("a checkpoint or a validation"):
            wanted = _validate(run, batch)
            seconds_checkpoint = _checkpoint_if_due(run, wanted)
    run.ranks.close()
    with run.watchdog.patient("the last checkpoint"):
        run.checkpointer.finish()
    return True


def _advance(state: TrainState, batch: GlobalBatch, rate: float, result: StepResult) -> None:
    state.step = batch.step
    state.updates += batch.masked > 0
    state.tokens += batch.tokens
    state.loss = state.loss if result.loss is None else result.loss
    for sample in batch.samples:
        state.order.update(
            step=batch.step,
            sample_id=sample.sample_id,
            epoch=sample.epoch,
            t=sample.t,
            mask=sample.masked_L,
            learning_rate=rate,
        )


def _report(
    run: Run,
    batch: GlobalBatch,
    rate: float,
    result: StepResult,
    timing: tuple[float, float, float, float],
) -> None:
    begun, data_ready, computed, seconds_checkpoint = timing
    seconds = computed - begun + seconds_checkpoint
    run.step_seconds.append(seconds)
    run.step_tokens.append(batch.tokens)
    answer, first_eos, tail = result.parts
    numbers = {
        "step": batch.step,
        "totalSteps": run.last_step,
        "epoch": batch.epoch,
        "loss": result.loss,
        "lossAnswer": answer,
        "lossFirstEos": first_eos,
        "lossTail": tail,
        "learningRate": rate,
        "gradientNorm": result.gradient_norm,
        "gradientSpikes": run.spikes.note(result.gradient_norm),
        "maskedTokens": batch.masked,
        "documentTokens": batch.tokens,
        "tokensPerSecond": batch.tokens / max(seconds, 1e-9),
        "secondsData": data_ready - begun,
        "secondsCompute": computed - data_ready,
        "secondsCheckpoint": seconds_checkpoint,
        "memoryBytes": _memory(run.device),
        "mfu": _mfu(run, batch, seconds),
        "nllByT": result.nll_by_t or None,
    }
    now = time.time()
    run.emit({"type": "step", **numbers})
    recent = run.step_seconds[-50:]
    run.step_log.write(numbers, sum(recent) / len(recent))
    run.metrics.write(batch.step, now, {**numbers, "time": round(now, 3)})


def _mfu(run: Run, batch: GlobalBatch, seconds: float) -> float | None:
    """Share of the cards' peak; None on the CPU and on cards whose peak is not known."""
    if run.device.type != "cuda":
        return None
    peak = peak_flops(torch.cuda.get_device_name(run.device))
    if peak is None:
        return None
    lengths = (sample.tokens for sample in batch.samples)
    flops = step_flops(run.method.model.config, lengths, trained=run.method.trains_all)
    return flops / max(seconds, 1e-9) / (peak * run.ranks.count)


def _memory(device: torch.device) -> int | None:
    if device.type == "cuda":
        # Not what is allocated: CUDA graphs hold memory that counts only while they are recorded.
        return int(torch.cuda.max_memory_reserved(device))
    return resident_bytes()


def _validate(run: Run, batch: GlobalBatch) -> bool:
    """Whether the model should be kept: it is the best so far, or of an epoch's end."""
    if run.validation is None:
        return False
    nll = run.method.nll

    def tell(event: dict[str, Any]) -> None:
        run.emit(event)
        run.step_log.write_validation(event)
        measured = {key: value for key, value in event.items() if key not in ("type", "step")}
        run.metrics.write_validation(batch.step, time.time(), measured)

    return validate_after_step(run.validation, run.state, batch, run.last_step, nll, tell)


def _checkpoint_if_due(run: Run, wanted: bool) -> float:
    """Seconds that training waited."""
    due = run.checkpointer.due(run.state.step) or wanted
    if run.method.sharded:
        due = run.ranks.agree(due)  # only the first rank keeps the time
    if run.state.step < run.last_step and due:
        return run.checkpointer.take(lambda: _snapshot(run))
    return 0.0


def _finish_checkpoint_in_flight(run: Run) -> None:
    """Before a failed attempt ends: its checkpoint is whole then, and the next one loses less.

    Ranks do not wait: one that is gone would never write its part.
    """
    if run.ranks.count > 1:
        return
    # The failure that ends the attempt is the one to tell.
    with run.watchdog.patient("the last checkpoint"), suppress(Exception):
        run.checkpointer.finish()


def _stage_last_checkpoint(run: Run) -> None:
    """Before a stop: nothing to do when this attempt has made no step since the newest one."""
    run.checkpointer.finish()
    if run.step_seconds and run.checkpointer.last_taken != run.state.step:
        run.checkpointer.take(lambda: _snapshot(run))
        run.checkpointer.finish()


def _snapshot(run: Run) -> Snapshot:
    captured = run.capture.take(run.state.step)
    return Snapshot(
        step=run.state.step,
        weights=captured.weights,
        moments=captured.moments,
        written=captured.written,
        metrics_file=run.metrics.path,
        metrics_bytes=run.metrics.size,
        state_json=run.state_json(run.state),
        marks=run.state.marks(),
    )
