"""What makes settings of decoding impossible. Every rule is a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dream_sft.sampling.orders import ORDERS
from dream_sft.sampling.policies import POLICIES
from dream_sft.sampling.reveals import REVEALS

if TYPE_CHECKING:
    from dream_sft.sampling.config import SamplingConfig

_WHOLE = {"max_new_tokens": True, "seed": True, "steps": False, "tokens_per_step": False}
_WHOLE |= {"block_length": False, "top_k": False}
_REAL = {"temperature": True, "eps": True, "top_p": False, "alg_temp": False}
_REAL |= {"threshold": False, "remask": False}


def camel(name: str) -> str:
    """`top_p` is `topP` in a spec."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def mistakes_of(config: SamplingConfig) -> list[str]:
    """Every reason against the settings; rules of value only where the types are right."""
    return _types(config) or [*_ranges(config), *_blocks(config), *_combinations(config)]


def _types(config: SamplingConfig) -> list[str]:
    found = []
    for name, required in {**_WHOLE, **_REAL}.items():
        value = getattr(config, name)
        kinds: tuple[type, ...] = (int, float) if name in _REAL else (int,)
        if value is None and not required:
            continue
        if isinstance(value, bool) or not isinstance(value, kinds):
            word = "number" if name in _REAL else "whole number"
            found.append(f"{camel(name)} must be a {word}, got {value!r}")
    if not isinstance(config.stop_at_end, bool):
        found.append(f"stopAtEnd must be true or false, got {config.stop_at_end!r}")
    return found


def _ranges(config: SamplingConfig) -> list[str]:
    named: list[tuple[str, Mapping[str, object]]] = [
        ("order", ORDERS),
        ("reveal", REVEALS),
        ("cache", POLICIES),
    ]
    found = [
        f"{name} {getattr(config, name)!r} is none of {', '.join(table)}"
        for name, table in named
        if getattr(config, name) not in table
    ]
    least = {"max_new_tokens": 1, "steps": 1, "tokens_per_step": 1, "block_length": 1}
    least |= {"temperature": 0, "top_k": 1, "alg_temp": 0}
    for name, low in least.items():
        value = getattr(config, name)
        if value is not None and value < low:
            found.append(f"{camel(name)} {value} is below {low}")
    rules = [
        (0 < config.eps < 1, f"eps {config.eps} is not between 0 and 1"),
        (0 <= config.seed < 1 << 64, f"seed {config.seed} is not an unsigned 64-bit number"),
        (_within(config.top_p), f"topP {config.top_p} is not in (0, 1]"),
        (_within(config.threshold), f"threshold {config.threshold} is not in (0, 1]"),
        (_within(config.remask), f"remask {config.remask} is not in (0, 1]"),
    ]
    return found + [message for holds, message in rules if not holds]


def _within(value: float | None) -> bool:
    return value is None or 0 < value <= 1


def _blocks(config: SamplingConfig) -> list[str]:
    block, canvas, steps = config.block_length, config.max_new_tokens, config.steps
    if block is None or block < 1 or canvas < 1 or block >= canvas:
        return []
    if canvas % block:
        return [f"blockLength {block} does not divide maxNewTokens {canvas}"]
    if steps is not None and steps >= 1 and steps % (canvas // block):
        return [f"steps {steps} is no multiple of the {canvas // block} blocks"]
    return []


def _combinations(config: SamplingConfig) -> list[str]:
    paces = ("steps", "tokens_per_step", "threshold")
    given = [camel(name) for name in paces if getattr(config, name) is not None]
    return list(_chosen([*_order_rules(config, len(given)), *_pace_rules(config, given)]))


def _chosen(rules: Iterable[tuple[object, str]]) -> Iterable[str]:
    return (message for broken, message in rules if broken)


def _order_rules(config: SamplingConfig, paces: int) -> list[tuple[object, str]]:
    random, by_place = config.order == "origin", config.reveal == "left_to_right"
    return [
        (
            random and config.alg_temp,
            "algTemp has no meaning with order 'origin', which ignores confidence",
        ),
        (
            random and config.reveal != "official",
            f"order 'origin' reveals at random: reveal must be 'official', got {config.reveal!r}",
        ),
        (
            random and config.steps is None and not paces,
            "order 'origin' reveals by time: give steps",
        ),
        (
            by_place and config.alg_temp and not random,
            "algTemp draws positions by confidence, which reveal 'left_to_right' does not use",
        ),
    ]


def _pace_rules(config: SamplingConfig, given: list[str]) -> list[tuple[object, str]]:
    cuts = config.block_length is not None or config.cache in ("none", "every_step")
    return [
        (len(given) > 1, f"{' and '.join(given)} say the same thing twice; give one"),
        (
            config.order == "origin" and given and config.steps is None,
            f"order 'origin' reveals by time: give steps, not {given[0] if given else ''}",
        ),
        (
            config.threshold is not None and config.order != "maskgit_plus",
            "threshold is a probability: it needs order 'maskgit_plus'",
        ),
        (
            config.threshold is not None and config.reveal == "left_to_right",
            "threshold chooses by confidence: reveal must be 'official' or 'confidence'",
        ),
        (
            config.remask is not None and (config.order == "origin" or config.steps is None),
            "remask needs steps and an order of confidence, which say when it ends",
        ),
        (not cuts, f"cache {config.cache!r} needs blockLength: it keeps what is outside a block"),
    ]
