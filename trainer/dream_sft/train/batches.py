"""Global batches under noise, each a pure function of (data set, configuration, step).

Shape letters: B rows of a micro-batch, L positions, N documents of a global batch.

The documents of all epochs form one endless stream: epoch after epoch, each in its own order.
Step s (from 1) takes N of them, so a batch may hold the end of one epoch and the start of the
next; every document carries its own epoch number into the noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dream_sft.data.dataset import Dataset
from dream_sft.diffusion.loss import LossPlan, plan_loss
from dream_sft.diffusion.masking import (
    PROMPT,
    EosTail,
    Shape,
    official_cutoff,
    official_shape,
    parts_of,
    uniform_shape,
)
from dream_sft.diffusion.noise import Purpose, uniform
from dream_sft.diffusion.order import epoch_order
from dream_sft.diffusion.time import times
from dream_sft.diffusion.weighting import Weighting, token_weights


@dataclass(frozen=True)
class TokenIds:
    """The three tokens that the objective writes."""

    mask: int
    eos: int
    pad: int


@dataclass(frozen=True)
class Sample:
    """One document of a step under its noise; `masked_L` covers prompt, answer and end tokens."""

    sample_id: int
    epoch: int
    t: float
    ids_L: NDArray[np.int64]  # noqa: N815
    shape: Shape
    masked_L: NDArray[np.bool_]  # noqa: N815

    @property
    def tokens(self) -> int:
        """Prompt, response and first end token."""
        return self.shape.prompt + self.shape.answer + min(self.shape.eos, 1)


@dataclass(frozen=True)
class MicroBatch:
    """Rows padded on the right. `keep_BL` is None when no row needs padding."""

    noised_BL: NDArray[np.int64]  # noqa: N815
    keep_BL: NDArray[np.bool_] | None  # noqa: N815
    plan: LossPlan
    sample_ids: list[int]


@dataclass(frozen=True)
class GlobalBatch:
    """All that one optimizer step sees."""

    step: int
    epoch: float  # passes over the data set when this step is done
    samples: list[Sample]
    micro_batches: list[MicroBatch]
    masked: int  # tokens, over the whole global batch
    tokens: int  # document tokens


@dataclass(frozen=True)
class _Place:
    """Where a document stands: its index in the data set, its epoch and place in that epoch."""

    index: int
    epoch: int
    place: int


class Batches:
    """Makes the global batch of any step."""

    def __init__(self, dataset: Dataset, training: dict[str, Any], token_ids: TokenIds) -> None:
        self._data = dataset
        self._ids = token_ids
        self._seed: int = training["seed"]
        self._per_step: int = training["documentsPerStep"]
        self._per_micro: int = min(training["documentsPerMicroBatch"], self._per_step)
        self._time_rule = training["t"]
        self._tail = EosTail.parse(training["eosTail"])
        self._weighting = Weighting(kind=training["weighting"], cart_p=training["cartP"])
        self._orders: dict[int, NDArray[np.int64]] = {}

    def batch(self, step: int) -> GlobalBatch:
        """The batch of step 1, 2, ..."""
        places = self._places(step)
        samples = self._noised(step, places)
        cut = range(0, len(samples), self._per_micro)
        micro = [self._micro_batch(samples[at : at + self._per_micro]) for at in cut]
        return GlobalBatch(
            step=step,
            epoch=step * self._per_step / len(self._data),
            samples=samples,
            micro_batches=micro,
            masked=sum(m.plan.masked for m in micro),
            tokens=sum(sample.tokens for sample in samples),
        )

    def _places(self, step: int) -> list[_Place]:
        count = len(self._data)
        first = (step - 1) * self._per_step
        epochs = {at // count for at in (first, first + self._per_step - 1)}
        self._orders = {e: o for e, o in self._orders.items() if e >= min(epochs)}
        found = []
        for at in range(first, first + self._per_step):
            epoch, place = divmod(at, count)
            if epoch not in self._orders:
                self._orders[epoch] = epoch_order(self._data.sample_ids, self._seed, epoch)
            found.append(_Place(int(self._orders[epoch][place]), epoch, place))
        return found

    def _noised(self, step: int, places: Sequence[_Place]) -> list[Sample]:
        """Draws are made for all documents of an epoch at once; one by one would cost a
        tenth of a small model's step."""
        shapes = self._shapes(step, places)
        samples: list[Sample | None] = [None] * len(places)
        for epoch in sorted({place.epoch for place in places}):
            rows = [n for n, place in enumerate(places) if place.epoch == epoch]
            ids_N = self._data.sample_ids[[places[n].index for n in rows]]
            at_N = np.array([places[n].place for n in rows])
            t_N = times(self._time_rule, self._seed, ids_N, at_N, epoch)
            longest = max(shapes[n].length for n in rows)
            positions = np.arange(longest)[None]
            unit_NL = uniform(self._seed, ids_N[:, None], epoch, Purpose.MASK, positions)
            below_NL = unit_NL < t_N[:, None]
            for number, n in enumerate(rows):
                samples[n] = self._sample(
                    places[n], shapes[n], float(t_N[number]), below_NL[number]
                )
        return [sample for sample in samples if sample is not None]

    def _sample(self, place: _Place, shape: Shape, t: float, below_L: NDArray[np.bool_]) -> Sample:
        document = self._data.document(place.index)
        ids_L = np.full(shape.length, self._ids.eos, np.int64)
        kept = shape.prompt + shape.answer
        ids_L[:kept] = document.ids[:kept]
        masked_L = below_L[: shape.length].copy()
        masked_L[: shape.prompt] = False
        if self._tail.as_one and shape.eos:
            masked_L[kept:] = masked_L[kept]
        return Sample(document.sample_id, place.epoch, t, ids_L, shape, masked_L)

    def _shapes(self, step: int, places: Sequence[_Place]) -> list[Shape]:
        documents = [self._data.document(place.index) for place in places]
        prompts = [document.prompt_length for document in documents]
        answers = [len(document.ids) - document.prompt_length for document in documents]
        if self._tail.length == "official":
            cutoff = official_cutoff(self._seed, places[0].epoch, step, answers)
            return [
                # A response that was cut before its end must not teach an end there.
                Shape(p, min(a, cutoff), 0) if d.cut else official_shape(p, a, cutoff)
                for d, p, a in zip(documents, prompts, answers, strict=True)
            ]
        tails = self._tails(places)
        return [
            Shape(p, a, 0) if d.cut else uniform_shape(p, a, tail)
            for d, p, a, tail in zip(documents, prompts, answers, tails, strict=True)
        ]

    def _tails(self, places: Sequence[_Place]) -> list[int]:
        """`masking.tail_length` of every document."""
        span = self._tail.high - self._tail.low + 1
        tails = [0] * len(places)
        for epoch in {place.epoch for place in places}:
            rows = [n for n, place in enumerate(places) if place.epoch == epoch]
            ids_N = self._data.sample_ids[[places[n].index for n in rows]]
            unit_N = uniform(self._seed, ids_N, epoch, Purpose.EOS_TAIL, 0)
            for n, unit in zip(rows, unit_N.tolist(), strict=True):
                tails[n] = self._tail.low + int(unit * span)
        return tails

    def _micro_batch(self, samples: Sequence[Sample]) -> MicroBatch:
        longest = max(sample.shape.length for sample in samples)
        form = (len(samples), longest)
        ids_BL = np.full(form, self._ids.pad, np.int64)
        keep_BL = np.zeros(form, np.bool_)
        masked_BL = np.zeros(form, np.bool_)
        weights_BL = np.zeros(form, np.float32)
        parts_BL = np.full(form, PROMPT, np.int8)
        for row, sample in enumerate(samples):
            end = sample.shape.length
            ids_BL[row, :end] = sample.ids_L
            keep_BL[row, :end] = True
            masked_BL[row, :end] = sample.masked_L
            weights_BL[row, :end] = token_weights(self._weighting, sample.t, sample.masked_L)
            parts_BL[row, :end] = parts_of(sample.shape)
        return MicroBatch(
            noised_BL=np.where(masked_BL, self._ids.mask, ids_BL),
            keep_BL=None if keep_BL.all() else keep_BL,
            plan=plan_loss(ids_BL, masked_BL, weights_BL, parts_BL),
            sample_ids=[sample.sample_id for sample in samples],
        )
