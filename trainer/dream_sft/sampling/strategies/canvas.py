"""The official sampler: the whole canvas is open at every step."""

from __future__ import annotations

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.strategies.schedule import Step, window_steps


def canvas(config: SamplingConfig) -> list[Step]:
    """One window of all new positions."""
    return window_steps(0, config.max_new_tokens, config.steps, config.eps)
