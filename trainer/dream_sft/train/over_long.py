"""Finds documents that no packed row can hold, before any time on a GPU is spent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_sft.data.dataset import Dataset
from dream_sft.diffusion.masking import EosTail
from dream_sft.io.errors import DataError, SpecError
from dream_sft.train.packing import rounded

ROWS_NAMED = 20


def longest_lengths(dataset: Dataset, tail: EosTail) -> NDArray[np.int64]:
    """The most tokens that each document [N] can have under noise, its end tokens included."""
    prompts_N = dataset.prompt_lengths.astype(np.int64)
    if tail.length == "official":
        # Filled with end tokens to the length of any response of its batch.
        responses_N = dataset.lengths - prompts_N
        most = int(responses_N.max(initial=0))
        return prompts_N + np.where(dataset.cut != 0, responses_N, most)
    return dataset.lengths + np.where(dataset.cut != 0, 0, 1 + tail.high)


def refuse_over_long(dataset: Dataset, tail: EosTail, cap: int) -> None:
    """Raises SpecError that names every row (the first 20) which can outgrow `cap` tokens."""
    longest, mistakes = _longer(dataset, tail, cap)
    if mistakes:
        raise SpecError(
            f"training.tokensPerMicroBatch: {_count(mistakes)} (end tokens included) longer "
            f"than {cap}; give at least {rounded(longest)}, or convert with a lower maxLength",
            _named(mistakes),
        )


def refuse_beyond_positions(dataset: Dataset, tail: EosTail, positions: int) -> None:
    """Raises DataError that names every row (the first 20) which can outgrow the positions that
    the model was made for."""
    _, mistakes = _longer(dataset, tail, positions)
    if mistakes:
        raise DataError(
            f"{dataset.folder}: {_count(mistakes)} (end tokens included) longer than the "
            f"model's max_position_embeddings {positions}; convert with a lower maxLength",
            _named(mistakes),
        )


def _longer(dataset: Dataset, tail: EosTail, most: int) -> tuple[int, list[str]]:
    """The most tokens of any document, and a line for each that can have more than `most`."""
    longest_N = longest_lengths(dataset, tail)
    over = np.flatnonzero(longest_N > most).tolist()
    if not over:
        return int(longest_N.max(initial=0)), []
    numbers = _row_numbers(dataset)
    return int(longest_N.max()), [f"row {numbers[n]}: {int(longest_N[n])} tokens" for n in over]


def _count(mistakes: list[str]) -> str:
    return f"{len(mistakes)} document{'s' if len(mistakes) > 1 else ''}"


def _named(mistakes: list[str]) -> list[str]:
    more = len(mistakes) - ROWS_NAMED
    return mistakes if more <= 0 else [*mistakes[:ROWS_NAMED], f"and {more} more"]


def _row_numbers(dataset: Dataset) -> list[int]:
    """Numbers in the file that convert read; places in the data set when nobody noted them."""
    if not dataset.rows_file.is_file():
        return list(range(1, len(dataset) + 1))
    return [int(row["row"]) for row in dataset.rows()]
