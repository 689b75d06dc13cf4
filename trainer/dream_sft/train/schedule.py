"""The learning rate as a pure function of the step, so that a resume needs no scheduler state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Schedule:
    """Linear warmup to `peak` over `warmup` steps, then half a cosine down to `final`, at `total`.

    Steps count from 1. `final` is a learning rate, not a share.
    """

    peak: float
    final: float
    warmup: int
    total: int

    @classmethod
    def of(cls, training: dict[str, Any], total: int) -> Schedule:
        """From the `training` part of a run spec."""
        warmup = max(math.ceil(training["warmup"] * total), training["warmupStepsAtLeast"])
        peak = training["learningRate"]
        return cls(peak, peak * training["finalLearningRate"], min(warmup, total), total)

    def at(self, step: int) -> float:
        """Learning rate of step 1..total."""
        if step <= self.warmup:
            return self.peak * step / self.warmup
        share: float = (step - self.warmup) / (self.total - self.warmup)
        cosine = math.cos(math.pi * share)
        return self.final + (self.peak - self.final) * 0.5 * (1.0 + cosine)


def total_steps(training: dict[str, Any], documents: int) -> int:
    """Optimizer steps: as given, or enough global batches for `epochs` passes over `documents`."""
    if "steps" in training:
        return int(training["steps"])
    return max(
        1, math.ceil(float(training["epochs"]) * documents / int(training["documentsPerStep"]))
    )
