"""The choice of a tokenizer by its files, and what happens to files that do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from dream_sft.data.tokenizer import check_vocabulary, load_tokenizer
from dream_sft.io.errors import DataError
from tests.data.small import write_json, write_tokenizer


def test_dream_class_gives_the_byte_level_tokenizer(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(write_tokenizer(tmp_path))
    assert (tokenizer.eos_id, tokenizer.pad_id, tokenizer.mask_id) == (256, 256, 259)
    assert tokenizer.vocab_size == 260
    assert tokenizer.name == "DreamTokenizer"


def test_unknown_class_is_named_and_no_code_is_run(tmp_path: Path) -> None:
    write_json(tmp_path / "tokenizer_config.json", {"tokenizer_class": "EvilTokenizer"})
    (tmp_path / "tokenization_evil.py").write_text("raise SystemExit", encoding="utf-8")
    with pytest.raises(DataError, match="EvilTokenizer"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '"text"'])
def test_damaged_config_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer_config.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"tokenizer_config\.json"):
        load_tokenizer(tmp_path)


def test_folder_without_a_tokenizer_says_what_it_must_hold(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must hold the tokenizer files"):
        load_tokenizer(tmp_path)


def test_model_with_fewer_embeddings_than_tokens_is_refused(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(write_tokenizer(tmp_path))
    check_vocabulary(tokenizer, 260)
    with pytest.raises(DataError, match="260 tokens but the model only 259"):
        check_vocabulary(tokenizer, 259)
