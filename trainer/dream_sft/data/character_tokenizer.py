"""One token a character, for the tiny model: printable ASCII, newline, specials, role words.

Role words (user, assistant, system) are one token each, but only right after `<|im_start|>`;
anywhere else they are spelt by characters, so every text has exactly one encoding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dream_sft.data.tokenizer import (
    CONFIG_FILE,
    Message,
    read_json_file,
    read_tokenizer_config,
)
from dream_sft.io.errors import DataError

VOCABULARY_FILE = "vocab.json"
TOKENIZER_CLASS = "CharacterTokenizer"
END, TURN, TURN_END, MASK, BEGIN = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|mask|>",
    "<|beginoftext|>",
)
SPECIALS = (END, TURN, TURN_END, MASK, BEGIN)
ROLES = ("user", "assistant", "system")
CHARACTERS = "\n" + "".join(chr(code) for code in range(32, 127))
_SPLIT = re.compile(
    f"(?<={re.escape(TURN)})(?:{'|'.join(ROLES)})(?![a-z])"
    f"|{'|'.join(re.escape(special) for special in SPECIALS)}|.",
    re.DOTALL,
)


def default_vocabulary() -> dict[str, int]:
    """The committed vocabulary: specials 0..4, role words 5..7, then the characters."""
    return {token: index for index, token in enumerate((*SPECIALS, *ROLES, *CHARACTERS))}


class CharacterTokenizer:
    """See `dream_sft.data.tokenizer.Tokenizer`."""

    def __init__(self, vocabulary: Mapping[str, int], name: str = TOKENIZER_CLASS) -> None:
        """Raises DataError naming every special or role word that is missing, and shared ids."""
        missing = [token for token in (*SPECIALS, *ROLES) if token not in vocabulary]
        if missing:
            raise DataError(f"{name}: no token {', '.join(missing)}; fetch the tokenizer again")
        if len(set(vocabulary.values())) != len(vocabulary):
            raise DataError(f"{name}: two tokens share an id; fetch the tokenizer again")
        self._ids = dict(vocabulary)
        self._tokens = {index: token for token, index in vocabulary.items()}
        self.name = name
        self.eos_id = self.pad_id = self._ids[END]
        self.mask_id = self._ids[MASK]
        self.vocab_size = max(self._tokens) + 1

    @classmethod
    def load(cls, folder: str | Path) -> CharacterTokenizer:
        """From `vocab.json` and tokenizer_config.json in `folder`; raises DataError."""
        folder = Path(folder)
        config = read_tokenizer_config(folder)
        vocabulary: Any = read_json_file(folder / VOCABULARY_FILE)
        plain = isinstance(vocabulary, dict) and all(
            isinstance(index, int) and not isinstance(index, bool) and index >= 0
            for index in vocabulary.values()
        )
        if not plain:
            raise DataError(
                f"{folder / VOCABULARY_FILE}: expected an object of token to id; "
                "fetch the tokenizer again"
            )
        return cls(vocabulary, str(config.get("name", TOKENIZER_CLASS)))

    def files(self) -> dict[str, dict[str, Any]]:
        """Contents of the tokenizer's files by file name, as `load` reads them."""
        config = {"tokenizer_class": TOKENIZER_CLASS, "name": self.name}
        tokens = {"eos_token": END, "pad_token": END, "bos_token": BEGIN, "mask_token": MASK}
        return {CONFIG_FILE: {**config, **tokens}, VOCABULARY_FILE: self._ids}

    def encode(self, text: str) -> list[int]:
        """Ids of `text`. Raises DataError naming every character that has no token."""
        pieces = _SPLIT.findall(text)
        unknown = sorted({piece for piece in pieces if piece not in self._ids})
        if unknown:
            shown = ", ".join(f"{c!r} (U+{ord(c[0]):04X})" for c in unknown[:8])
            raise DataError(
                f"tokenizer {self.name} has no token for {shown}; "
                "it knows printable ASCII and newline only"
            )
        return [self._ids[piece] for piece in pieces]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`, special tokens spelt out. Raises DataError for an id without a token."""
        unknown = [index for index in ids if index not in self._tokens]
        if unknown:
            raise DataError(f"tokenizer {self.name} has no token with id {unknown[0]}")
        return "".join(self._tokens[index] for index in ids)

    def chat_text(self, messages: Sequence[Message], *, add_generation_prompt: bool) -> str:
        """ChatML turns; no system turn unless `messages` holds one. Raises DataError."""
        if not messages:
            raise DataError(f"tokenizer {self.name}: a chat needs at least one message")
        for message in messages:
            if message.get("role") not in ROLES:
                raise DataError(
                    f"tokenizer {self.name}: role {message.get('role')!r} is none of "
                    f"{', '.join(ROLES)}"
                )
        turns = [f"{TURN}{m['role']}\n{m['content']}{TURN_END}\n" for m in messages]
        return "".join(turns) + (f"{TURN}assistant\n" if add_generation_prompt else "")
