"""The tiny model's tokenizer: exact ids, round trips, the chat frame, and its complaints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.data.character_tokenizer import (
    CHARACTERS,
    SPECIALS,
    CharacterTokenizer,
    default_vocabulary,
)
from dream_sft.data.tokenizer import Tokenizer, load_tokenizer
from dream_sft.io.errors import DataError

BASE = Path(__file__).parents[2] / "assets" / "tiny-base"
TOKENIZER = CharacterTokenizer(default_vocabulary())


def test_the_committed_files_hold_the_default_vocabulary() -> None:
    loaded: Tokenizer = load_tokenizer(BASE)
    assert isinstance(loaded, CharacterTokenizer)
    assert loaded.name == "dream-sft tiny"
    assert json.loads((BASE / "vocab.json").read_text()) == default_vocabulary()
    config = json.loads((BASE / "config.json").read_text())
    assert (loaded.eos_id, loaded.pad_id) == (config["eos_token_id"], config["pad_token_id"])
    assert loaded.mask_id == config["mask_token_id"]
    assert loaded.vocab_size == config["vocab_size"] == 104


def test_written_files_load_again(tmp_path: Path) -> None:
    for name, content in TOKENIZER.files().items():
        (tmp_path / name).write_text(json.dumps(content))
    again = load_tokenizer(tmp_path)
    assert again.encode("a+b\n") == TOKENIZER.encode("a+b\n")


def test_ids_of_a_chat() -> None:
    chat = [{"role": "user", "content": "47+85=?"}]
    text = TOKENIZER.chat_text(chat, add_generation_prompt=True)
    assert text == "<|im_start|>user\n47+85=?<|im_end|>\n<|im_start|>assistant\n"
    ids = TOKENIZER.encode(text)
    newline = TOKENIZER.encode("\n")[0]
    assert len(ids) == 15
    assert ids[:3] == [1, 5, newline]
    assert ids[10:] == [2, newline, 1, 6, newline]
    assert TOKENIZER.decode(ids) == text


def test_a_system_turn_is_written_only_when_given() -> None:
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
    text = TOKENIZER.chat_text(chat, add_generation_prompt=False)
    assert text == "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nq<|im_end|>\n"


def test_role_words_elsewhere_are_characters() -> None:
    assert len(TOKENIZER.encode("user")) == 4
    assert len(TOKENIZER.encode("<|im_start|>user")) == 2
    assert len(TOKENIZER.encode("<|im_start|>users")) == 6


@given(st.lists(st.sampled_from([*SPECIALS, *CHARACTERS, "user", "assistant"])).map("".join))
def test_round_trip(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


def test_an_unknown_character_is_named_with_its_code_point() -> None:
    with pytest.raises(DataError, match=r"U\+00E9.*U\+4E2D"):
        TOKENIZER.encode("caf\u00e9 \u4e2d")


def test_an_unknown_id_is_named() -> None:
    with pytest.raises(DataError, match="id 999"):
        TOKENIZER.decode([8, 999])


@pytest.mark.parametrize(
    ("chat", "match"),
    [([], "at least one"), ([{"role": "tool", "content": "x"}], "'tool'")],
)
def test_bad_chats_are_refused(chat: list[dict[str, str]], match: str) -> None:
    with pytest.raises(DataError, match=match):
        TOKENIZER.chat_text(chat, add_generation_prompt=True)


@pytest.mark.parametrize(
    ("vocabulary", "match"),
    [
        ("[]", "object of token to id"),
        ('{"a": "x"}', "object of token to id"),
        ('{"a": 1}', "no token"),
        ("{", "cannot be read"),
    ],
)
def test_a_damaged_vocabulary_is_named(tmp_path: Path, vocabulary: str, match: str) -> None:
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "CharacterTokenizer"}')
    (tmp_path / "vocab.json").write_text(vocabulary)
    with pytest.raises(DataError, match=match):
        load_tokenizer(tmp_path)


def test_shared_ids_are_refused() -> None:
    with pytest.raises(DataError, match="share an id"):
        CharacterTokenizer({**default_vocabulary(), "x": 0})
