"""How answers are decoded: one frozen object, checked whole before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from dream_sft.sampling.orders import ORDERS


class SamplingError(ValueError):
    """Settings that cannot work; `mistakes` lists every reason found."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("sampling: " + "; ".join(mistakes))


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """Settings of `diffusion_generate` (generation_utils.py of the model), and blocks.

    Defaults are the run spec's. Raises SamplingError naming every mistake at once.
    """

    order: str = "entropy"
    max_new_tokens: int = 256  # canvas: masked positions after the prompt
    steps: int = 256  # over the whole canvas, divided evenly among blocks
    block_length: int | None = None  # None: the whole canvas at once
    temperature: float = 0.0
    top_p: float | None = None
    top_k: int | None = None
    alg_temp: float | None = None  # None or 0: the most confident positions, no draw
    eps: float = 1e-3
    stop_at_end: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        mistakes = _type_mistakes(self) or [*_range_mistakes(self), *_combination_mistakes(self)]
        if mistakes:
            raise SamplingError(mistakes)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> SamplingConfig:
        """From a run spec's object (camelCase keys). Unknown keys are refused."""
        names = {_camel(f.name): f.name for f in fields(cls)}
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
    def blocks(self) -> int:
        """How many blocks the canvas is revealed in."""
        return 1 if self.block_length is None else self.max_new_tokens // self.block_length


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


_WHOLE = {"max_new_tokens": True, "steps": True, "seed": True, "block_length": False}
_REAL = {"temperature": True, "eps": True, "top_p": False, "alg_temp": False}


def _type_mistakes(config: SamplingConfig) -> list[str]:
    found = []
    for name, required in {**_WHOLE, "top_k": False, **_REAL}.items():
        value = getattr(config, name)
        kinds: tuple[type, ...] = (int, float) if name in _REAL else (int,)
        if value is None and not required:
            continue
        if isinstance(value, bool) or not isinstance(value, kinds):
            word = "number" if name in _REAL else "whole number"
            found.append(f"{_camel(name)} must be a {word}, got {value!r}")
    if not isinstance(config.stop_at_end, bool):
        found.append(f"stopAtEnd must be true or false, got {config.stop_at_end!r}")
    return found


def _range_mistakes(config: SamplingConfig) -> list[str]:
    rules = [
        (config.order in ORDERS, f"order {config.order!r} is none of {', '.join(ORDERS)}"),
        (config.max_new_tokens >= 1, f"maxNewTokens {config.max_new_tokens} is below 1"),
        (config.steps >= 1, f"steps {config.steps} is below 1"),
        (config.temperature >= 0, f"temperature {config.temperature} is below 0"),
        (0 < config.eps < 1, f"eps {config.eps} is not between 0 and 1"),
        (0 <= config.seed < 1 << 64, f"seed {config.seed} is not an unsigned 64-bit number"),
        (config.top_p is None or 0 < config.top_p <= 1, f"topP {config.top_p} is not in (0, 1]"),
        (config.top_k is None or config.top_k >= 1, f"topK {config.top_k} is below 1"),
        (config.alg_temp is None or config.alg_temp >= 0, f"algTemp {config.alg_temp} is below 0"),
    ]
    return [message for holds, message in rules if not holds]


def _combination_mistakes(config: SamplingConfig) -> list[str]:
    found = []
    block, canvas = config.block_length, config.max_new_tokens
    if block is not None:
        if block < 1:
            found.append(f"blockLength {block} is below 1")
        elif canvas >= 1 and canvas % block:
            found.append(f"blockLength {block} does not divide maxNewTokens {canvas}")
        elif canvas >= 1 and config.steps >= 1 and config.steps % config.blocks:
            found.append(f"steps {config.steps} is no multiple of the {config.blocks} blocks")
    if config.order == "origin" and config.alg_temp:
        found.append("algTemp has no meaning with order 'origin', which ignores confidence")
    return found
