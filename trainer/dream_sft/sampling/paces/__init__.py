"""How many positions a step reveals, by name (SamplingConfig.pace)."""

from __future__ import annotations

from collections.abc import Callable

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.paces.budget import Budget
from dream_sft.sampling.paces.protocol import Pace, Paced
from dream_sft.sampling.paces.schedule import Schedule
from dream_sft.sampling.paces.threshold import Threshold

PACES: dict[str, Callable[[SamplingConfig], Pace]] = {
    "schedule": Schedule,
    "budget": Budget,
    "threshold": Threshold,
}


def pace_of(config: SamplingConfig) -> Pace:
    """The pace of these settings."""
    return PACES[config.pace](config)


__all__ = ["PACES", "Pace", "Paced", "pace_of"]
