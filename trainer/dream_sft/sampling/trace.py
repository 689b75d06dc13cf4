"""What happened during a decoding, for people who want to look."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Reveal:
    """At `step`, canvas `position` of batch row `row` became `token`."""

    row: int
    step: int
    position: int
    token: int
    confidence: float  # in the order's own measure


@dataclass
class Trace:
    """Every reveal in order, and the canvas [B, C] after every step."""

    reveals: list[Reveal] = field(default_factory=list)
    history: list[NDArray[np.int64]] = field(default_factory=list)
