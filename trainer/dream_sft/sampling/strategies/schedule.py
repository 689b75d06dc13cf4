"""The official time grid, as steps over one window of the canvas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Step:
    """One step: canvas positions start..end-1 are open, `share` of the masked ones go."""

    start: int
    end: int
    share: np.float32
    last: bool


def window_steps(start: int, end: int, count: int, eps: float) -> list[Step]:
    """`count` steps over a window: t = linspace(1, eps, count + 1), share = 1 - s/t.

    In float32 and through torch, because counts are truncated to whole tokens and a grid that
    differs in the last bit reveals another number of tokens.
    """
    grid = torch.linspace(1, eps, count + 1, dtype=torch.float32, device="cpu")
    shares = (1 - grid[1:] / grid[:-1]).numpy()
    return [Step(start, end, shares[i], i == count - 1) for i in range(count)]
