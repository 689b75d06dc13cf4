"""The training loop.

The promises this code keeps (design.md, "Checkpoints"; reviewed against these numbers):
1. A checkpoint becomes visible whole or not at all (checkpoint.write_checkpoint).
4. Resume is exact: a step is a pure function of (data, configuration, step number, weights,
   moments). Nothing else survives from one step to the next, so nothing else is saved; the order
   hash proves samples, noise and schedule, the fingerprint tells when bits may differ.
7. Training stops for a checkpoint only while weights and moments are copied (Checkpointer).
Further:
a. Every masked token of a global batch counts the same, however micro-batches cut it.
b. A step without a masked token keeps its number and learning rate and updates nothing.
c. Weights are updated only after loss and gradient were found finite.
d. A request to stop is answered between two steps, never within one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from dream_sft.diffusion.loss import divisor, masked_loss
from dream_sft.io.errors import DivergedError, Resource, ResourceError
from dream_sft.io.events import Emit
from dream_sft.io.process_info import resident_bytes
from dream_sft.io.run_dir import Metrics
from dream_sft.model.network import Dream
from dream_sft.train.batches import Batches, GlobalBatch, MicroBatch
from dream_sft.train.checkpoint import Snapshot, host_copies
from dream_sft.train.checkpointer import Checkpointer
from dream_sft.train.optimizer import AdamW
from dream_sft.train.schedule import Schedule
from dream_sft.train.state import TrainState
from dream_sft.train.step_log import StepLog

SAMPLES_NAMED = 16


@dataclass(frozen=True)
class StepResult:
    """Mean weighted loss of masked tokens in nats, whole and by part (None: none was masked)."""

    loss: float
    parts: list[float | None]
    gradient_norm: float


@dataclass
class Run:
    """The parts of one training run, put together by the command."""

    model: Dream
    optimizer: AdamW
    batches: Batches
    schedule: Schedule
    state: TrainState
    checkpointer: Checkpointer
    metrics: Metrics
    training: dict[str, Any]
    device: torch.device
    last_step: int
    state_json: Callable[[TrainState], Callable[[list[dict[str, Any]]], str]]
    emit: Emit
    stop_requested: Callable[[], bool]
    step_log: StepLog
    step_seconds: list[float] = field(default_factory=list)
    step_tokens: list[int] = field(default_factory=list)


def train(run: Run) -> bool:
    """Train to `last_step`; False when asked to stop before (a checkpoint is then staged)."""
    run.checkpointer.prepare(run.state.step)
    seconds_checkpoint = 0.0
    while run.state.step < run.last_step:
        if run.stop_requested():
            _stage_last_checkpoint(run)
            return False
        begun = time.monotonic()
        batch = run.batches.batch(run.state.step + 1)
        rate = run.schedule.at(batch.step)
        data_ready = time.monotonic()
        result = training_step(run, batch, rate)
        _advance(run.state, batch, rate, result)
        computed = time.monotonic()
        timing = (begun, data_ready, computed, seconds_checkpoint)
        _report(run, batch, rate, result, timing)
        seconds_checkpoint = _checkpoint_if_due(run)
    run.checkpointer.finish()
    return True


def training_step(run: Run, batch: GlobalBatch, rate: float) -> StepResult:
    """Gradient of the global batch, checked, clipped and applied (promises a to c)."""
    run.optimizer.zero_grad()
    total_loss = torch.zeros((), device=run.device)
    parts_weighted = torch.zeros(3, device=run.device)
    for micro in batch.micro_batches:
        if micro.plan.masked == 0:
            continue
        try:
            micro_loss, micro_parts = _backward(run, batch, micro)
        except (MemoryError, RuntimeError) as error:
            raise out_of_memory(error, micro) or error from error
        total_loss += micro_loss
        parts_weighted += micro_parts
    counts = [sum(m.plan.counts[part] for m in batch.micro_batches) for part in range(3)]
    if batch.masked == 0:
        return StepResult(0.0, [None, None, None], 0.0)
    norm = _clipped_norm(run)
    loss, sums = float(total_loss), parts_weighted.tolist()
    if not (math.isfinite(loss) and math.isfinite(norm)):
        raise _diverged(batch, loss, norm)
    run.optimizer.step(rate)
    means = [value / count if count else None for value, count in zip(sums, counts, strict=True)]
    return StepResult(loss, means, norm)


def _backward(run: Run, batch: GlobalBatch, micro: MicroBatch) -> tuple[Tensor, Tensor]:
    ids_BL = torch.from_numpy(micro.noised_BL).to(run.device)
    keep_BL = None if micro.keep_BL is None else torch.from_numpy(micro.keep_BL).to(run.device)
    share = divisor(
        run.training["normalise"],
        global_masked=batch.masked,
        microbatch_masked=micro.plan.masked,
        microbatches=len(batch.micro_batches),
    )
    narrow = run.training["precision"] == "bf16"
    with torch.autocast(run.device.type, torch.bfloat16, enabled=narrow):
        hidden_BLD = run.model.hidden(ids_BL, keep_BL=keep_BL)
        sums = masked_loss(run.model.head, hidden_BLD, micro.plan)
    loss = sums.total / share
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach(), sums.parts_weighted


def out_of_memory(error: Exception, micro: MicroBatch) -> ResourceError | None:
    """A ResourceError that advises half of this micro-batch's tokens; None for other errors."""
    on_host = isinstance(error, MemoryError) or "DefaultCPUAllocator" in str(error)
    if not on_host and not isinstance(error, torch.OutOfMemoryError):
        return None
    tokens = micro.noised_BL.size
    resource: Resource = "host-memory" if on_host else "gpu-memory"
    return ResourceError(
        f"out of {resource.replace('-', ' ')} in a micro-batch of {tokens} tokens; "
        "lower training.documentsPerMicroBatch, then resume",
        resource,
        max(tokens // 2, 1),
    )


def _clipped_norm(run: Run) -> float:
    weights = [w for w in run.model.parameters() if w.grad is not None]
    limit = run.training["clipNorm"]
    # An infinite limit measures without clipping.
    return float(torch.nn.utils.clip_grad_norm_(weights, math.inf if limit is None else limit))


def _diverged(batch: GlobalBatch, loss: float, norm: float) -> DivergedError:
    ids = [f"{sample.sample_id:016x}" for sample in batch.samples]
    more = f" and {len(ids) - SAMPLES_NAMED} more" if len(ids) > SAMPLES_NAMED else ""
    return DivergedError(
        f"training diverged at step {batch.step}: loss {loss}, gradient norm {norm}; "
        f"samples {', '.join(ids[:SAMPLES_NAMED])}{more}. Lower training.learningRate or clipNorm"
    )


def _advance(state: TrainState, batch: GlobalBatch, rate: float, result: StepResult) -> None:
    state.step = batch.step
    state.updates += batch.masked > 0
    state.tokens += batch.tokens
    state.loss = result.loss
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
        "totalSteps": run.schedule.total,
        "epoch": batch.epoch,
        "loss": result.loss,
        "lossAnswer": answer,
        "lossFirstEos": first_eos,
        "lossTail": tail,
        "learningRate": rate,
        "gradientNorm": result.gradient_norm,
        "maskedTokens": batch.masked,
        "documentTokens": batch.tokens,
        "tokensPerSecond": batch.tokens / max(seconds, 1e-9),
        "secondsData": data_ready - begun,
        "secondsCompute": computed - data_ready,
        "secondsCheckpoint": seconds_checkpoint,
        "memoryBytes": _memory(run.device),
    }
    now = time.time()
    run.emit({"type": "step", **numbers})
    recent = run.step_seconds[-50:]
    run.step_log.write(numbers, sum(recent) / len(recent))
    run.metrics.write(batch.step, now, {**numbers, "time": round(now, 3)})


def _memory(device: torch.device) -> int | None:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resident_bytes()


def _checkpoint_if_due(run: Run) -> float:
    """Seconds that training waited."""
    if run.state.step < run.last_step and run.checkpointer.due(run.state.step):
        return run.checkpointer.take(lambda: _snapshot(run))
    return 0.0


def _stage_last_checkpoint(run: Run) -> None:
    """Before a stop: nothing to do when this attempt has made no step since the newest one."""
    run.checkpointer.finish()
    if run.step_seconds and run.checkpointer.last_taken != run.state.step:
        run.checkpointer.take(lambda: _snapshot(run))
        run.checkpointer.finish()


def _snapshot(run: Run) -> Snapshot:
    return Snapshot(
        step=run.state.step,
        weights=host_copies(dict(run.model.state_dict())),
        moments=host_copies(run.optimizer.moments()),
        metrics_file=run.metrics.path,
        metrics_bytes=run.metrics.size,
        state_json=run.state_json(run.state),
    )
