"""Parity with the official tokenizer's recorded ids and chat texts, and damaged files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.data.dream_tokenizer import DreamTokenizer
from dream_sft.io.errors import DataError
from tests.data.small import ADDED, tokenizer_config, write_json, write_tokenizer


@pytest.fixture(scope="module")
def dream(shared_data: Path) -> DreamTokenizer:
    return DreamTokenizer.load(shared_data / "dream7b_tokenizer")


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> dict[str, Any]:
    text = (shared_data / "parity" / "tokenizer_cases.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@pytest.fixture(scope="module")
def bytes_only(tmp_path_factory: pytest.TempPathFactory) -> DreamTokenizer:
    return DreamTokenizer.load(write_tokenizer(tmp_path_factory.mktemp("tokenizer")))


def test_ids_of_the_official_tokenizer(dream: DreamTokenizer, cases: dict[str, Any]) -> None:
    assert len(cases["texts"]) >= 20
    for case in cases["texts"]:
        assert dream.encode(case["text"]) == case["ids"], case["text"]


def test_chat_texts_of_the_official_template(dream: DreamTokenizer, cases: dict[str, Any]) -> None:
    assert len(cases["chats"]) >= 3
    for case in cases["chats"]:
        text = dream.chat_text(case["messages"], add_generation_prompt=True)
        assert text == case["text"]
        assert dream.encode(text) == case["ids"]


def test_special_ids_and_vocabulary_of_dream(dream: DreamTokenizer) -> None:
    assert (dream.eos_id, dream.pad_id, dream.mask_id) == (151643, 151643, 151666)
    assert dream.vocab_size == 151667


def test_decode_spells_out_special_tokens(dream: DreamTokenizer) -> None:
    text = "<|im_start|>user\n汉字 and 👩<|im_end|><|mask|>"
    assert dream.decode(dream.encode(text)) == text


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=60))
def test_decode_undoes_encode_for_nfc_text(bytes_only: DreamTokenizer, text: str) -> None:
    import unicodedata

    normal = unicodedata.normalize("NFC", text)
    assert bytes_only.decode(bytes_only.encode(normal)) == normal


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt", "added_tokens.json"])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (write_tokenizer(tmp_path) / name).unlink()
    with pytest.raises(DataError, match=name):
        DreamTokenizer.load(tmp_path)


def test_merges_of_another_vocabulary_are_refused(tmp_path: Path) -> None:
    (write_tokenizer(tmp_path) / "merges.txt").write_text("#version: 0.2\nq x\n", encoding="utf-8")
    with pytest.raises(DataError, match="do not belong together"):
        DreamTokenizer.load(tmp_path)


def test_missing_byte_tokens_are_refused(tmp_path: Path) -> None:
    write_json(write_tokenizer(tmp_path) / "vocab.json", {"a": 0, "b": 1})
    with pytest.raises(DataError, match="254 of the 256 byte tokens"):
        DreamTokenizer.load(tmp_path)


def test_added_tokens_at_other_ids_are_all_named(tmp_path: Path) -> None:
    moved = {content: i + 1 for content, i in ADDED.items()}
    write_json(write_tokenizer(tmp_path) / "added_tokens.json", moved)
    with pytest.raises(DataError) as caught:
        DreamTokenizer.load(tmp_path)
    assert len(caught.value.mistakes) == len(ADDED)


def test_config_without_a_mask_token_is_refused(tmp_path: Path) -> None:
    config = tokenizer_config()
    del config["mask_token"]
    write_json(write_tokenizer(tmp_path) / "tokenizer_config.json", config)
    with pytest.raises(DataError) as caught:
        DreamTokenizer.load(tmp_path)
    assert "mask_token" in caught.value.mistakes[0]
