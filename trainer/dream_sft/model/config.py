"""The model's shape, as the published config.json writes it down.

Only what the network computes with has a field; every other key of the file is kept and
written again unchanged, so that loading and saving a published model loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class ConfigError(ValueError):
    """A config.json that cannot be a Dream model; `mistakes` lists every reason found."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("config.json does not describe a Dream model: " + "; ".join(mistakes))


_INTEGERS = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "max_position_embeddings",
)
_TOKENS = ("mask_token_id", "pad_token_id", "eos_token_id")
_FLOATS = ("rope_theta", "rms_norm_eps")
# What the network has no code for: any other value would be computed wrongly in silence.
_ONLY: dict[str, Any] = {
    "hidden_act": "silu",
    "attention_dropout": 0.0,
    "rope_scaling": None,
    "use_sliding_window": False,
    "use_mrope": False,
    "tie_word_embeddings": False,
}


@dataclass(frozen=True, kw_only=True)
class DreamConfig:
    """Shape of a Dream network. Counts are elements; token ids index the vocabulary."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    max_position_embeddings: int
    mask_token_id: int
    pad_token_id: int
    eos_token_id: int
    rope_theta: float
    rms_norm_eps: float
    initializer_range: float = 0.02
    published: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The file this came from, whole and in its order; `to_dict` starts from it."""

    def __post_init__(self) -> None:
        mistakes = _mistakes({name: getattr(self, name) for name in _FIELDS})
        if mistakes:
            raise ConfigError(mistakes)

    @property
    def head_dim(self) -> int:
        """Width of one attention head: hidden_size / num_attention_heads."""
        return self.hidden_size // self.num_attention_heads

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> DreamConfig:
        """Read a parsed config.json. Raises ConfigError naming every mistake at once."""
        mistakes = _mistakes(raw)
        mistakes += [
            f"{key} is {raw[key]!r}, only {only!r} is supported"
            for key, only in _ONLY.items()
            if key in raw and raw[key] != only
        ]
        if raw.get("model_type", "Dream") != "Dream":
            mistakes.append(f"model_type is {raw['model_type']!r}, expected 'Dream'")
        if mistakes:
            raise ConfigError(mistakes)
        values = {name: raw[name] for name in _FIELDS if name in raw}
        return cls(**values, published=dict(raw))

    def to_dict(self) -> dict[str, Any]:
        """The config.json of this model: the published keys in their order, ours on top."""
        base = dict(self.published) or {
            "architectures": ["DreamModel"],
            "model_type": "Dream",
            "bos_token_id": self.eos_token_id,
            **_ONLY,
        }
        optional = {} if self.published else {"initializer_range": self.initializer_range}
        required = {name: getattr(self, name) for name in _FIELDS if name != "initializer_range"}
        if "initializer_range" in base:
            optional = {"initializer_range": self.initializer_range}
        return {**base, **required, **optional}


_FIELDS = (*_INTEGERS, *_TOKENS, *_FLOATS, "initializer_range")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _mistakes(raw: Mapping[str, Any]) -> list[str]:
    required = (*_INTEGERS, *_TOKENS, *_FLOATS)
    found = [f"{key} is missing" for key in required if key not in raw]
    sizes = {key: raw[key] for key in _INTEGERS if key in raw}
    bad = {key for key, value in sizes.items() if not _is_int(value) or value < 1}
    found += [f"{key} must be a whole number >= 1, got {raw[key]!r}" for key in sizes if key in bad]
    for key in (*_FLOATS, "initializer_range"):
        value = raw.get(key, 1.0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            found.append(f"{key} must be a number > 0, got {value!r}")
    vocab = raw.get("vocab_size")
    for key in _TOKENS:
        value = raw.get(key, 0)
        if not _is_int(value) or value < 0:
            found.append(f"{key} must be a token id, got {value!r}")
        elif isinstance(vocab, int) and value >= max(vocab, 1):
            found.append(f"{key} {value} is outside the vocabulary of {vocab}")
    good = {key: value for key, value in sizes.items() if key not in bad}
    return found + _head_mistakes(good)


def _head_mistakes(sizes: Mapping[str, int]) -> list[str]:
    found = []
    hidden, heads = sizes.get("hidden_size"), sizes.get("num_attention_heads")
    groups = sizes.get("num_key_value_heads")
    if hidden and heads:
        if hidden % heads:
            found.append(f"hidden_size {hidden} is not a multiple of {heads} attention heads")
        elif (hidden // heads) % 2:
            found.append(f"the head width {hidden // heads} must be even for rotary positions")
    if heads and groups and heads % groups:
        found.append(f"{heads} attention heads cannot share {groups} key-value heads evenly")
    return found
