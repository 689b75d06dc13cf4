"""Fixed-noise validation: the loss on held-out rows under noise that never changes.

Shape letters: L positions of a document.

Every held-out document is masked once at each level of a fixed grid t_k = (k + 1/2) / K. Masks are
a pure function of (VALIDATION_SEED, sample id, k) and of no setting of the run, so checkpoints and
runs with the same held-out rows and grid are measured on the same bits; `grid` is the digest of
those bits. No tail of end tokens: its length is a choice of training.

The loss of level k is nats per masked token, unweighted. The whole loss is the mean over levels,
the midpoint rule for the negative ELBO per token of a masked diffusion model with linear schedule,
integral over t of E[(1/t) sum of masked nll] / tokens (LLaDA, arXiv 2502.09992, equation 3), with
the expected number of masked tokens, t per token, replaced by the drawn one.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dream_sft.data.dataset import Dataset, Document
from dream_sft.diffusion.masking import EosTail, Shape, masked_response
from dream_sft.diffusion.noise import Purpose, uniform
from dream_sft.diffusion.weighting import Weighting
from dream_sft.io.errors import DivergedError, SpecError
from dream_sft.io.events import Emit
from dream_sft.train.micro_batches import (
    GlobalBatch,
    MicroBatch,
    RowLayout,
    Sample,
    TokenIds,
    micro_batches,
)
from dream_sft.train.over_long import refuse_over_long
from dream_sft.train.state import TrainState

# Not the run's seed: runs that differ in it are compared.
VALIDATION_SEED = 0
# Packing takes the square of the documents; more at once fill rows no better.
_PACKED_TOGETHER = 64

# Sum of nll in nats over the masked tokens of these micro-batches, over all ranks.
SumNll = Callable[[Sequence[MicroBatch]], float]


@dataclass(frozen=True)
class Level:
    """One noise level: all held-out documents, masked with probability t."""

    t: float
    masked: int
    micro_batches: list[MicroBatch]


@dataclass(frozen=True)
class ValidationResult:
    """Nats per masked token: whole, and of each level (None: it masked nothing)."""

    nll: float
    by_t: list[float | None]


def refuse_none_held_out(held_out: Dataset) -> None:
    """Raises SpecError when there is no row to measure on."""
    if len(held_out) == 0:
        raise SpecError(
            "training.validation: the data set holds no row out; convert with heldOutRows, "
            "or leave validation out"
        )


class Validation:
    """The frozen grid of one data set, and when to measure it."""

    def __init__(self, held_out: Dataset, training: dict[str, Any], ids: TokenIds) -> None:
        """Raises SpecError when no row is held out or one does not fit a packed row."""
        settings = training["validation"]
        refuse_none_held_out(held_out)
        self._every: int | None = settings.get("everySteps")
        self._at_epoch_end: bool = settings.get("atEpochEnd", True)
        packed = training.get("tokensPerMicroBatch")
        if packed is not None:
            refuse_over_long(held_out, EosTail(), packed)
        layout = RowLayout(training["documentsPerMicroBatch"], packed, training.get("worldSize", 1))
        count = settings.get("tGrid", 8)
        samples = [_samples(held_out, level, count, ids) for level in range(count)]
        self.levels = [_level(of_level, layout, ids) for of_level in samples]
        self.grid = _digest(samples)

    def due(self, batch: GlobalBatch, last_step: int) -> bool:
        """Whether to measure after this step; always after the last."""
        by_steps = self._every is not None and batch.step % self._every == 0
        by_epoch = self._at_epoch_end and batch.ends_epoch
        return by_steps or by_epoch or batch.step == last_step

    def measure(self, sum_nll: SumNll) -> ValidationResult:
        """`sum_nll` runs the model as it is, without gradient."""
        sums = [sum_nll(level.micro_batches) if level.masked else 0.0 for level in self.levels]
        by_t = [
            total / level.masked if level.masked else None
            for total, level in zip(sums, self.levels, strict=True)
        ]
        known = [value for value in by_t if value is not None]
        return ValidationResult(sum(known) / len(known) if known else 0.0, by_t)

    def event(self, step: int, result: ValidationResult, best: bool, seconds: float) -> Any:
        """The event `validation` (src/contracts/events.ts)."""
        by_t = [
            {"t": level.t, "nll": value, "maskedTokens": level.masked}
            for level, value in zip(self.levels, result.by_t, strict=True)
        ]
        return {
            "type": "validation",
            "step": step,
            "nll": result.nll,
            "nllByT": by_t,
            "best": best,
            "grid": self.grid,
            "seconds": round(seconds, 6),
        }


def validate_after_step(
    validation: Validation,
    state: TrainState,
    batch: GlobalBatch,
    last_step: int,
    sum_nll: SumNll,
    emit: Emit,
) -> bool:
    """Measures when due, notes it in `state`; whether to take a checkpoint now.

    One is wanted when the measure is the best so far and at the end of each epoch, so that both
    can be kept. Raises DivergedError when the measure is not finite.
    """
    state.ends_epoch = batch.ends_epoch
    if not validation.due(batch, last_step):
        return batch.ends_epoch
    begun = time.monotonic()
    result = validation.measure(sum_nll)
    if not math.isfinite(result.nll):
        raise DivergedError(
            f"the model after step {batch.step} gives held-out rows a loss of {result.nll}; "
            "resume from an earlier checkpoint with a lower training.learningRate"
        )
    best = state.note_validation(result.nll, validation.grid)
    emit(validation.event(batch.step, result, best, time.monotonic() - begun))
    return best or batch.ends_epoch


def _samples(held_out: Dataset, level: int, count: int, ids: TokenIds) -> list[Sample]:
    t = (level + 0.5) / count
    documents = (held_out.document(index) for index in range(len(held_out)))
    return [_sample(document, level, t, ids) for document in documents]


def _sample(document: Document, level: int, t: float, ids: TokenIds) -> Sample:
    answer = len(document.ids) - document.prompt_length
    # A response that was cut before its end must not be asked for one.
    shape = Shape(document.prompt_length, answer, 0 if document.cut else 1)
    ids_L = np.full(shape.length, ids.eos, np.int64)
    ids_L[: len(document.ids)] = document.ids
    return Sample(
        sample_id=document.sample_id,
        epoch=level,
        t=t,
        ids_L=ids_L,
        shape=shape,
        masked_L=validation_mask(document.sample_id, level, t, shape),
    )


def validation_mask(sample_id: int, level: int, t: float, shape: Shape) -> NDArray[np.bool_]:
    """Which positions [L] are masked at level k = `level`, whose t is `t`."""
    positions = np.arange(shape.length)
    below_L = uniform(VALIDATION_SEED, sample_id, level, Purpose.VALIDATION, positions) < t
    return masked_response(below_L, shape)


def _level(samples: Sequence[Sample], layout: RowLayout, ids: TokenIds) -> Level:
    groups = (
        samples[at : at + _PACKED_TOGETHER] for at in range(0, len(samples), _PACKED_TOGETHER)
    )
    unweighted = Weighting(kind="none")
    return Level(
        t=samples[0].t,
        masked=sum(int(sample.masked_L.sum()) for sample in samples),
        micro_batches=[
            m for group in groups for m in micro_batches(group, layout, ids, unweighted)
        ],
    )


def _digest(levels: Sequence[Sequence[Sample]]) -> str:
    """sha256 over level, sample id, tokens and mask; rows in the order of their ids."""
    digest = hashlib.sha256()
    for samples in levels:
        for sample in sorted(samples, key=lambda sample: sample.sample_id):
            digest.update(f"{sample.t!r} {sample.sample_id:016x} {sample.shape}\n".encode())
            digest.update(sample.ids_L.astype("<i8").tobytes())
            digest.update(np.packbits(sample.masked_L).tobytes())
    return digest.hexdigest()
