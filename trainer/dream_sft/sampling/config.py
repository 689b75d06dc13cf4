"""How answers are decoded: one frozen object, checked whole before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from dream_sft.sampling.rules import camel, mistakes_of


class SamplingError(ValueError):
    """Settings that cannot work; `mistakes` lists every reason found."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("sampling: " + "; ".join(mistakes))


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """Settings of `diffusion_generate` (generation_utils.py of the model), and ours.

    Defaults are the run spec's, which are preset `default`. Raises SamplingError naming every
    mistake at once.
    """

    order: str = "entropy"  # the measure of confidence; origin: random
    reveal: str = "left_to_right"
    max_new_tokens: int = 256  # canvas: masked positions after the prompt
    steps: int | None = None  # over the whole canvas, divided evenly among blocks
    tokens_per_step: int | None = None  # instead of steps; neither: one token a step
    threshold: float | None = None  # instead of both: every token at least so probable
    block_length: int | None = 32  # None, or the canvas and more: the whole canvas at once
    cache: str = "per_block"
    temperature: float = 0.0
    top_p: float | None = None
    top_k: int | None = None
    alg_temp: float | None = None  # None or 0: the most confident positions, no draw
    eps: float = 1e-3
    remask: float | None = None  # experimental: share of decided tokens taken back a step
    stop_at_end: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        mistakes = mistakes_of(self)
        if mistakes:
            raise SamplingError(mistakes)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> SamplingConfig:
        """From a run spec's object (camelCase keys). Unknown keys are refused."""
        names = {camel(f.name): f.name for f in fields(cls)}
        unknown = [f"unknown setting {key!r}" for key in raw if key not in names]
        values = {names[key]: value for key, value in raw.items() if key in names}
        try:
            config = cls(**values)
        except SamplingError as error:
            raise SamplingError(unknown + error.mistakes) from None
        if unknown:
            raise SamplingError(unknown)
        return config

    @property
    def block(self) -> int:
        """Positions of one block; the whole canvas is one block."""
        return min(self.block_length or self.max_new_tokens, self.max_new_tokens)

    @property
    def blocks(self) -> int:
        """How many blocks the canvas is revealed in."""
        return self.max_new_tokens // self.block

    @property
    def pace(self) -> str:
        """The name of what says how many tokens a step reveals (a key of PACES)."""
        if self.threshold is not None:
            return "threshold"
        return "budget" if self.steps is None else "schedule"
