"""The micro-batch that takes most memory of those that a run may make.

Shape letters: N documents, B rows, L positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dream_sft.data.dataset import Dataset
from dream_sft.diffusion.loss import LossPlan, plan_loss
from dream_sft.diffusion.masking import ANSWER, EosTail
from dream_sft.model.document_bounds import SHORTEST, power_of_two
from dream_sft.train.micro_batches import MicroBatch
from dream_sft.train.over_long import longest_lengths
from dream_sft.train.packing import rounded


@dataclass(frozen=True)
class Documents:
    """What one step may have to compute: `each_step` documents of shortest to longest tokens."""

    each_step: int
    shortest: int
    longest: int

    @classmethod
    def of(cls, dataset: Dataset, training: dict[str, Any]) -> Documents:
        """Bounds for every epoch's end tokens and cut-offs."""
        prompts_N = dataset.prompt_lengths.astype(np.int64)
        shortest = int(prompts_N.min() + (dataset.lengths - prompts_N).min())
        longest = int(longest_lengths(dataset, EosTail.parse(training["eosTail"])).max())
        return cls(training["documentsPerStep"], max(shortest, 1), longest)


def worst_lengths(tokens: int, documents: Documents) -> tuple[int, ...]:
    """Lengths that fill a row and that no row of packing outweighs.

    cuDNN's buffers, where they are not packed (cudnn_layout.py), grow with the product of the
    number of documents and the longest one, both rounded up to powers of two. The product is the
    largest of any row: one long document among as many short ones as there may be. The tokens are
    the most that a row may hold; where real documents cannot fill it so, longer ones do, within
    the product.
    """
    tokens = min(tokens, rounded(documents.each_step * documents.longest))
    most = (0, 0, 0)
    # Padding is a document to attention.
    for count, padding in product(range(1, documents.each_step + 1), (0, 1)):
        room = tokens - padding - (count - 1) * documents.shortest
        if room >= documents.shortest:
            long = min(documents.longest, room)
            size = power_of_two(count + padding) * power_of_two(long, SHORTEST)
            most = max(most, (size, count + padding, long))
    _, parts, long = most
    rest = tokens - long
    others = max(parts - 1, -(-rest // power_of_two(long, SHORTEST)))
    return (long, *(rest // others + (n < rest % others) for n in range(others)))


def worst_micro_batch(
    training: dict[str, Any], documents: Documents, vocabulary: int
) -> MicroBatch:
    """A packed row of `worst_lengths`, or the longest padded rows; every token that may be masked
    is, and of the prompts too."""
    tokens = training["tokensPerMicroBatch"]
    if tokens is not None:
        return _packed(worst_lengths(tokens, documents), vocabulary)
    rows = min(training["documentsPerMicroBatch"], documents.each_step)
    return _padded(rows, documents.longest, vocabulary)


def _packed(lengths: Sequence[int], vocabulary: int) -> MicroBatch:
    tokens = sum(lengths)
    ids_BL = np.arange(tokens, dtype=np.int64)[None] % vocabulary
    starts_BL = np.zeros((1, tokens), np.bool_)
    starts_BL[0, np.cumsum([0, *lengths[:-1]])] = True
    positions = np.concatenate([np.arange(length) for length in lengths])
    return MicroBatch(
        noised_BL=ids_BL,
        keep_BL=None,
        plan=_plan_of_all(ids_BL, np.ones((1, tokens), np.bool_), starts_BL),
        sample_ids=[],
        positions_BL=positions[None],
        lengths=tuple(lengths),
    )


def _padded(rows: int, longest: int, vocabulary: int) -> MicroBatch:
    """The last of several rows is a token shorter: attention with a mask takes most."""
    ids_BL = np.arange(rows * longest, dtype=np.int64).reshape(rows, longest) % vocabulary
    keep_BL = np.ones((rows, longest), np.bool_)
    if rows > 1 and longest > 1:
        keep_BL[-1, -1] = False
    plan = _plan_of_all(ids_BL, keep_BL)
    return MicroBatch(ids_BL, None if keep_BL.all() else keep_BL, plan, [])


def _plan_of_all(
    ids_BL: NDArray[np.int64],
    masked_BL: NDArray[np.bool_],
    starts_BL: NDArray[np.bool_] | None = None,
) -> LossPlan:
    weights_BL = np.ones(ids_BL.shape, np.float32)
    return plan_loss(
        ids_BL, masked_BL, weights_BL, np.full(ids_BL.shape, ANSWER, np.int8), starts_BL
    )
