"""The tokenizer of Dream 7B: byte-level BPE of the Qwen2 family, from its published files.

The published class (tokenization_dream.py of Dream-v0-Instruct-7B) is slow Python; the same splits
come from the `tokenizers` library: NFC, the Qwen2 pre-tokenizer pattern, byte-level BPE, and added
tokens that are found in the text before anything else. The recorded ids and chat texts of the
official class are the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Engine

from dream_sft.data.chat_template import ChatTemplate, load_chat_template
from dream_sft.data.tokenizer import Message, read_json_file, read_tokenizer_config
from dream_sft.io.errors import DataError

# PRETOKENIZE_REGEX of the Qwen2 tokenizer: single digits, an optional sign or space before letters.
SPLIT_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
NEEDED_FILES = ("vocab.json", "merges.txt", "added_tokens.json")


class DreamTokenizer:
    """See `dream_sft.data.tokenizer.Tokenizer`; made by `load`."""

    def __init__(
        self, engine: Engine, template: ChatTemplate, special: dict[str, int], name: str
    ) -> None:
        self._engine = engine
        self._template = template
        self.name = name
        self.eos_id = special["eos_token"]
        self.pad_id = special["pad_token"]
        self.mask_id = special["mask_token"]
        self.vocab_size = max(engine.get_vocab(with_added_tokens=True).values()) + 1

    @classmethod
    def load(cls, folder: str | Path) -> DreamTokenizer:
        """Reads `folder`; raises DataError when a file is missing, damaged or does not match."""
        folder = Path(folder)
        missing = [name for name in NEEDED_FILES if not (folder / name).is_file()]
        if missing:
            raise DataError(
                f"{folder}: no {', '.join(missing)}; take all tokenizer files of the base model"
            )
        config = read_tokenizer_config(folder)
        added = _added_tokens(folder, config)
        engine = _engine(folder)
        _add_tokens(engine, added, config, folder)
        return cls(
            engine,
            load_chat_template(folder, config),
            _special_ids(config, added, folder),
            str(config.get("tokenizer_class", "DreamTokenizer")),
        )

    def encode(self, text: str) -> list[int]:
        return self._engine.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Sequence[int]) -> str:
        return self._engine.decode(list(ids), skip_special_tokens=False)

    def chat_text(self, messages: Sequence[Message], *, add_generation_prompt: bool) -> str:
        return self._template.render(messages, add_generation_prompt=add_generation_prompt)


def _engine(folder: Path) -> Engine:
    try:
        model = models.BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
    except Exception as error:  # the library raises bare Exception
        raise DataError(
            f"{folder}: vocab.json and merges.txt are damaged or do not belong together ({error})"
        ) from error
    engine = Engine(model)
    engine.normalizer = normalizers.NFC()
    engine.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    engine.decoder = decoders.ByteLevel()
    lacking = [
        sign for sign in pre_tokenizers.ByteLevel.alphabet() if engine.token_to_id(sign) is None
    ]
    if lacking:
        # Without its byte a character would vanish from the text in silence.
        raise DataError(
            f"{folder / 'vocab.json'}: {len(lacking)} of the 256 byte tokens are missing; "
            "fetch the tokenizer again"
        )
    return engine


def _added_tokens(folder: Path, config: dict[str, Any]) -> dict[str, int]:
    """Content → id from added_tokens.json, checked against added_tokens_decoder of the config."""
    added = read_json_file(folder / "added_tokens.json")
    if not isinstance(added, dict) or not all(type(i) is int for i in added.values()):
        raise DataError(f"{folder / 'added_tokens.json'}: not a map from token to id")
    declared = config.get("added_tokens_decoder", {})
    mistakes = [
        f"{entry['content']} is {added.get(entry['content'])} in added_tokens.json, {key} in "
        "tokenizer_config.json"
        for key, entry in declared.items()
        if added.get(entry["content"]) != int(key)
    ]
    if mistakes:
        raise DataError(f"{folder}: the tokenizer files contradict each other", mistakes)
    return added


def _add_tokens(
    engine: Engine, added: dict[str, int], config: dict[str, Any], folder: Path
) -> None:
    """The library numbers added tokens itself, from the vocabulary's end; that must agree."""
    declared = config.get("added_tokens_decoder", {})
    special = {entry["content"] for entry in declared.values() if entry.get("special")}
    engine.add_tokens(
        [
            AddedToken(content, normalized=False, special=content in special)
            for content, _ in sorted(added.items(), key=lambda item: item[1])
        ]
    )
    mistakes = [
        f"{content} would get id {engine.token_to_id(content)} instead of {wanted}"
        for content, wanted in added.items()
        if engine.token_to_id(content) != wanted
    ]
    if mistakes:
        raise DataError(f"{folder}: vocab.json does not match added_tokens.json", mistakes)


def _special_ids(config: dict[str, Any], added: dict[str, int], folder: Path) -> dict[str, int]:
    ids: dict[str, int] = {}
    mistakes = []
    for role in ("eos_token", "pad_token", "mask_token"):
        value = config.get(role)
        content = value.get("content") if isinstance(value, dict) else value
        if isinstance(content, str) and content in added:
            ids[role] = added[content]
        else:
            mistakes.append(f"{role} is {content!r}, which is no added token")
    if mistakes:
        raise DataError(f"{folder}: not a tokenizer for masked diffusion", mistakes)
    return ids
