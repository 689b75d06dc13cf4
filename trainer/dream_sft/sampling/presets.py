"""Settings with a name.

published: how Dream-Instruct got its published scores (eval_instruct/eval.sh of DreamLM/Dream:
    T 0.1, top_p 0.9, entropy, as many steps as tokens; batch 1). At this temperature entropies
    saturate, ties go left, so the official order is nearly left to right (issue 72 there).
default: blocks of 32 left to right, T 0, one token a step, cache refreshed at every block; the
    only cached policy with a published quality on Dream (Fast-dLLM, arXiv 2505.22618).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dream_sft.sampling.config import SamplingConfig


def _published(canvas: int) -> dict[str, Any]:
    return {
        "order": "entropy",
        "reveal": "official",
        "steps": canvas,
        "block_length": None,
        "cache": "none",
        "temperature": 0.1,
        "top_p": 0.9,
    }


PRESETS: dict[str, Callable[[int], dict[str, Any]]] = {
    "default": lambda _canvas: {},
    "published": _published,
}


def preset(name: str, *, max_new_tokens: int = 256, **changes: Any) -> SamplingConfig:
    """The named settings for a canvas, with changes on top. Raises KeyError, SamplingError."""
    settings = {**PRESETS[name](max_new_tokens), **changes}
    return SamplingConfig(max_new_tokens=max_new_tokens, **settings)
