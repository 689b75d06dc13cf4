"""The line that `tail -f train.log` shows: at most one a second, and always the last step."""

from __future__ import annotations

import logging
import time
from typing import Any

log = logging.getLogger("dream_sft.train")
_EVERY_SECONDS = 1.0


class StepLog:
    """Writes some of the steps it is given, and every validation."""

    def __init__(self, last_step: int) -> None:
        self._last_step = last_step
        self._written = float("-inf")

    def write(self, numbers: dict[str, Any], seconds_per_step: float) -> None:
        """`numbers` are those of a `step` event."""
        now, step = time.monotonic(), numbers["step"]
        if now - self._written < _EVERY_SECONDS and step != self._last_step:
            return
        self._written = now
        left = (self._last_step - step) * seconds_per_step
        log.info(
            "step %d/%d  epoch %.2f  loss %s  learning rate %.2e  gradient norm %.3f "
            "(%d spikes)  %.0f tokens/s  %.0f s left",
            step,
            numbers["totalSteps"],
            numbers["epoch"],
            "none" if numbers["loss"] is None else f"{numbers['loss']:.4f}",
            numbers["learningRate"],
            numbers["gradientNorm"],
            numbers.get("gradientSpikes", 0),
            numbers["tokensPerSecond"],
            left,
        )

    def write_validation(self, event: dict[str, Any]) -> None:
        """`event` is a `validation` event."""
        by_t = "  ".join(
            f"{level['t']:g}: {level['nll']:.4f}"
            for level in event["nllByT"]
            if level["nll"] is not None
        )
        log.info(
            "step %d/%d  validation NLL %.4f%s  by t %s",
            event["step"],
            self._last_step,
            event["nll"],
            " (best so far)" if event["best"] else "",
            by_t,
        )
