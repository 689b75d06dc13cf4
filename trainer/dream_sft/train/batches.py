"""Global batches under noise, each a pure function of (data set, configuration, step).

Shape letters: L positions of a document, N documents of a global batch, P positions of several.

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
from dream_sft.diffusion.masking import (
    EosTail,
    Shape,
    masked_response,
    official_cutoff,
    official_shape,
    tail_lengths,
    uniform_shape,
)
from dream_sft.diffusion.noise import Purpose, uniform
from dream_sft.diffusion.order import epoch_order
from dream_sft.diffusion.time import times
from dream_sft.diffusion.weighting import Weighting
from dream_sft.train.micro_batches import (
    GlobalBatch,
    MicroBatch,
    RowLayout,
    Sample,
    TokenIds,
    micro_batches,
)
from dream_sft.train.over_long import refuse_over_long

__all__ = ["Batches", "GlobalBatch", "MicroBatch", "Sample", "TokenIds"]


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
        self._layout = RowLayout(
            documents=min(training["documentsPerMicroBatch"], self._per_step),
            packed_tokens=training.get("tokensPerMicroBatch"),
            ranks=training.get("worldSize", 1),
        )
        self._time_rule = training["t"]
        self._tail = EosTail.parse(training["eosTail"])
        self._weighting = Weighting(kind=training["weighting"], cart_p=training["cartP"])
        self._orders: dict[int, NDArray[np.int64]] = {}
        if self._layout.packed_tokens is not None:
            refuse_over_long(dataset, self._tail, self._layout.packed_tokens)

    def batch(self, step: int) -> GlobalBatch:
        """The batch of step 1, 2, ..."""
        count = len(self._data)
        places = self._places(step)
        samples = self._noised(step, places)
        micro = micro_batches(samples, self._layout, self._ids, self._weighting)
        return GlobalBatch(
            step=step,
            epoch=step * self._per_step / count,
            samples=samples,
            micro_batches=micro,
            masked=sum(m.plan.masked for m in micro),
            tokens=sum(sample.tokens for sample in samples),
            ends_epoch=step * self._per_step // count > (step - 1) * self._per_step // count,
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
            lengths_N = np.array([shapes[n].length for n in rows])
            ends_N = np.cumsum(lengths_N)
            # Positions of all these documents, one after the other.
            at_P = np.arange(int(ends_N[-1])) - np.repeat(ends_N - lengths_N, lengths_N)
            ids_P, t_P = np.repeat(ids_N, lengths_N), np.repeat(t_N, lengths_N)
            below_P = uniform(self._seed, ids_P, epoch, Purpose.MASK, at_P) < t_P
            for n, t, below_L in zip(
                rows, t_N.tolist(), np.split(below_P, ends_N[:-1]), strict=True
            ):
                samples[n] = self._sample(places[n], shapes[n], t, below_L)
        return [sample for sample in samples if sample is not None]

    def _sample(self, place: _Place, shape: Shape, t: float, below_L: NDArray[np.bool_]) -> Sample:
        document = self._data.document(place.index)
        ids_L = np.full(shape.length, self._ids.eos, np.int64)
        kept = shape.prompt + shape.answer
        ids_L[:kept] = document.ids[:kept]
        masked_L = masked_response(below_L, shape, as_one=self._tail.as_one)
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
        tails = np.zeros(len(places), np.int64)
        for epoch in {place.epoch for place in places}:
            rows = [n for n, place in enumerate(places) if place.epoch == epoch]
            ids_N = self._data.sample_ids[[places[n].index for n in rows]]
            tails[rows] = tail_lengths(self._tail, self._seed, ids_N, epoch)
        return [int(tail) for tail in tails]
