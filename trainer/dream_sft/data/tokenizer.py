"""One interface for the tokenizers, and the choice between them by the tokenizer's own files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from dream_sft.io.errors import DataError

CONFIG_FILE = "tokenizer_config.json"
Message = Mapping[str, Any]


class Tokenizer(Protocol):
    """Text to ids and back.

    `vocab_size` is the highest id + 1; a model's embedding may have more rows (Dream pads its
    151667 tokens to 152064), never fewer. `eos_id` also pads in Dream (`pad_id == eos_id`).
    """

    @property
    def name(self) -> str: ...
    @property
    def eos_id(self) -> int: ...
    @property
    def pad_id(self) -> int: ...
    @property
    def mask_id(self) -> int: ...
    @property
    def vocab_size(self) -> int: ...

    def encode(self, text: str) -> list[int]:
        """Ids of `text`; strings of special tokens become their ids, nothing is added around."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`, special tokens spelt out; bytes that are not UTF-8 become U+FFFD."""
        ...

    def chat_text(self, messages: Sequence[Message], *, add_generation_prompt: bool) -> str:
        """`messages` ({role, content}) as the text that the model was trained on."""
        ...


def load_tokenizer(folder: str | Path) -> Tokenizer:
    """The tokenizer in `folder`, chosen by `tokenizer_class` in its tokenizer_config.json.

    Raises DataError when files are missing or damaged, when they do not belong together, and when
    the class is none that this program knows (no code from the folder is ever run).
    """
    folder = Path(folder)
    config = read_tokenizer_config(folder)
    # Imported here so that the tiny model does not pay for the `tokenizers` library.
    match config.get("tokenizer_class"):
        case "CharacterTokenizer":
            from dream_sft.data.character_tokenizer import CharacterTokenizer

            return CharacterTokenizer.load(folder)
        case "DreamTokenizer" | "Qwen2Tokenizer" | "Qwen2TokenizerFast":
            from dream_sft.data.dream_tokenizer import DreamTokenizer

            return DreamTokenizer.load(folder)
        case other:
            raise DataError(
                f"{folder / CONFIG_FILE}: tokenizer_class {other!r} is not supported; "
                "take the tokenizer files of a Dream model (DreamTokenizer) or CharacterTokenizer"
            )


def read_tokenizer_config(folder: Path) -> dict[str, Any]:
    """The folder's tokenizer_config.json as a dictionary; raises DataError."""
    config = read_json_file(folder / CONFIG_FILE)
    if not isinstance(config, dict):
        raise DataError(f"{folder / CONFIG_FILE}: not a JSON object; fetch the tokenizer again")
    return config


def read_json_file(path: Path) -> Any:
    """Parsed JSON of one tokenizer file; raises DataError that names the file and what to do."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"{path.parent}: no {path.name}; it must hold the tokenizer files of the base model"
        ) from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); fetch the tokenizer again") from error


def check_vocabulary(tokenizer: Tokenizer, model_vocab_size: int) -> None:
    """Raises DataError when a model with `model_vocab_size` embedding rows lacks some token."""
    if tokenizer.vocab_size > model_vocab_size:
        raise DataError(
            f"tokenizer {tokenizer.name} has {tokenizer.vocab_size} tokens but the model only "
            f"{model_vocab_size} embeddings; take tokenizer and weights of the same model"
        )
