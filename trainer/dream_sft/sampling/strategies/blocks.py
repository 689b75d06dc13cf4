"""Blocks revealed left to right: the next opens when the one before is wholly decided.

Within a block any order works and the time grid starts again at 1. The model still sees the
whole canvas, masks to the right of the block included, as in training.
"""

from __future__ import annotations

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.strategies.schedule import Step, window_steps


def blocks(config: SamplingConfig) -> list[Step]:
    """steps / blocks steps for each window of `block_length` positions."""
    width = config.block_length or config.max_new_tokens
    each = config.steps // config.blocks
    starts = range(0, config.max_new_tokens, width)
    return [step for at in starts for step in window_steps(at, at + width, each, config.eps)]
