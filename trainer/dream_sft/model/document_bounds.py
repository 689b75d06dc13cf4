"""Where documents begin and end in a packed row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

# The least length that kernels are asked for.
SHORTEST = 128


@dataclass(frozen=True)
class DocumentBounds:
    """A packed row is [1, L] tokens, its documents one after the other.

    cu_seqlens (int32, [documents + 1]): the first position of each document, and L at the end.
    longest: an upper bound of the documents' lengths.
    """

    cu_seqlens: Tensor
    longest: int
    lengths: tuple[int, ...]
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What kernels derive from the bounds, so that the layers of a pass derive it once."""

    @classmethod
    def of(cls, lengths: Sequence[int], device: torch.device | str) -> DocumentBounds:
        """Bounds of documents of these lengths; they must fill the row."""
        ends = [0]
        for length in lengths:
            ends.append(ends[-1] + length)
        table = torch.tensor(ends, dtype=torch.int32)
        if torch.device(device).type == "cuda":
            table = table.pin_memory().to(device, non_blocking=True)
        # Kernels size their grid by `longest`: a power of two keeps the number of sizes small.
        return cls(table, power_of_two(max(lengths), SHORTEST), tuple(lengths))


def power_of_two(n: int, least: int = 1) -> int:
    """The smallest power of two that holds n >= 1, at least `least` (one itself)."""
    return max(1 << (n - 1).bit_length(), least)
