"""A tokenizer in Dream's layout with bytes only, and rows in s1K's schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import pre_tokenizers

TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
ADDED = {
    "<|endoftext|>": 256,
    "<|im_start|>": 257,
    "<|im_end|>": 258,
    "<|mask|>": 259,
}


def write_tokenizer(folder: Path) -> Path:
    """256 byte tokens, no merges, four added tokens: one token a byte."""
    folder.mkdir(parents=True, exist_ok=True)
    vocab = {sign: i for i, sign in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    (folder / "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    write_json(folder / "added_tokens.json", ADDED)
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    write_json(folder / "tokenizer_config.json", tokenizer_config())
    return folder


def tokenizer_config() -> dict[str, Any]:
    return {
        "tokenizer_class": "DreamTokenizer",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "mask_token": "<|mask|>",
        "added_tokens_decoder": {
            str(i): {"content": content, "special": True} for content, i in ADDED.items()
        },
    }


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def write_rows(path: Path, rows: list[Any]) -> Path:
    """JSONL; a row that is already bytes is written as it is."""
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def s1k_row(number: int, *, trace: int = 20, attempt: int = 10) -> dict[str, Any]:
    """A row whose trace and attempt have the given numbers of characters (tokens)."""
    return {
        "question": f"Question {number}?",
        "solution": f"s{number}",
        "thinking_trajectories": ["t" * trace],
        "attempt": str(number % 10) * attempt,
        "cot": None,
    }


def convert_spec(folder: Path, dataset: Path, **changes: Any) -> dict[str, Any]:
    """A complete convert spec for files below `folder`."""
    return {
        "command": "convert",
        "runDir": str(folder / "run"),
        "device": "cpu",
        "dataset": str(dataset),
        "tokenizer": str(folder / "tokenizer"),
        "view": "attempt",
        "overLong": "attempt_only",
        "maxLength": 200,
        "systemPrompt": None,
        "boxedInstruction": False,
        "dropUnderTokens": 0,
        "heldOutRows": 0,
        "seed": 0,
        "output": str(folder / "converted"),
        **changes,
    }
