"""Whether a model folder's tokenizer belongs to its weights, from the JSON files alone.

Needs no tokenizer library, so that training can refuse a wrong folder where there is none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dream_sft.model.config import DreamConfig

_CONFIG, _VOCABULARY, _ADDED = "tokenizer_config.json", "vocab.json", "added_tokens.json"
_ROLES = ("mask_token", "eos_token", "pad_token")


def tokenizer_mistakes(folder: Path, config: DreamConfig) -> list[str]:
    """What does not fit; a folder without tokenizer files has nothing that could not."""
    mistakes: list[str] = []
    ids: dict[str, int] = {}
    for name in (_VOCABULARY, _ADDED):
        ids |= _token_ids(folder / name, mistakes)
    highest = max(ids.values(), default=-1)
    if highest >= config.vocab_size:
        mistakes.append(
            f"the tokenizer has {highest + 1} tokens, the model only {config.vocab_size} embeddings"
        )
    special = _read(folder / _CONFIG, mistakes)
    for role in _ROLES if ids else ():
        value = special.get(role)
        content = value.get("content") if isinstance(value, dict) else value
        wanted = getattr(config, f"{role}_id")
        if isinstance(content, str) and ids.get(content) != wanted:
            mistakes.append(
                f"{role} {content!r} has id {ids.get(content)} in the tokenizer, "
                f"{wanted} in config.json"
            )
    return mistakes


def _token_ids(path: Path, mistakes: list[str]) -> dict[str, int]:
    found = _read(path, mistakes)
    if all(type(index) is int for index in found.values()):
        return found
    mistakes.append(f"{path.name} is not a map from token to id")
    return {}


def _read(path: Path, mistakes: list[str]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        mistakes.append(f"{path.name} cannot be read ({error})")
        return {}
    if isinstance(found, dict):
        return found
    mistakes.append(f"{path.name} is not a JSON object")
    return {}
