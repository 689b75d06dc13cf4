"""Which part of the canvas is open at each step, and how much of it is revealed."""

from __future__ import annotations

from collections.abc import Callable

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.strategies.blocks import blocks
from dream_sft.sampling.strategies.canvas import canvas
from dream_sft.sampling.strategies.schedule import Step

STRATEGIES: dict[str, Callable[[SamplingConfig], list[Step]]] = {"canvas": canvas, "blocks": blocks}


def steps_of(config: SamplingConfig) -> list[Step]:
    """Every step of a decoding, in order."""
    return STRATEGIES["canvas" if config.block_length is None else "blocks"](config)


__all__ = ["STRATEGIES", "Step", "steps_of"]
