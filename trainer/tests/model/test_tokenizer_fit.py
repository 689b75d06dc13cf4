from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from dream_sft.model.config import DreamConfig
from dream_sft.model.tokenizer_fit import tokenizer_mistakes
from dream_sft.model.weights import read_config
from tests.model.small import small_dream

ASSETS = Path(__file__).parents[2] / "assets"
CONFIG = small_dream().config  # 40 tokens, mask 39, end and pad 38


def write(folder: Path, vocabulary: object, added: object = None, **special: object) -> Path:
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    if added is not None:
        (folder / "added_tokens.json").write_text(json.dumps(added))
    (folder / "tokenizer_config.json").write_text(json.dumps(special))
    return folder


FITTING = {"mask_token": "<m>", "eos_token": {"content": "<e>"}, "pad_token": "<e>"}


def test_a_folder_without_tokenizer_files_cannot_contradict(tmp_path: Path) -> None:
    assert tokenizer_mistakes(tmp_path, CONFIG) == []


def test_what_fits_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"a": 0, "b": 37}, {"<m>": 39, "<e>": 38}, **FITTING)
    assert tokenizer_mistakes(tmp_path, CONFIG) == []


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    write(tmp_path, {"a": 0, "<e>": 5}, {"<m>": 40}, **FITTING)
    assert tokenizer_mistakes(tmp_path, CONFIG) == [
        "the tokenizer has 41 tokens, the model only 40 embeddings",
        "mask_token '<m>' has id 40 in the tokenizer, 39 in config.json",
        "eos_token '<e>' has id 5 in the tokenizer, 38 in config.json",
        "pad_token '<e>' has id 5 in the tokenizer, 38 in config.json",
    ]


@pytest.mark.parametrize(
    ("vocabulary", "words"),
    [(["a"], "not a JSON object"), ({"a": "b"}, "not a map from token to id")],
)
def test_damaged_files_are_named(tmp_path: Path, vocabulary: object, words: str) -> None:
    write(tmp_path, vocabulary)
    assert words in tokenizer_mistakes(tmp_path, CONFIG)[0]
    (tmp_path / "vocab.json").write_text("{")
    assert "vocab.json cannot be read" in tokenizer_mistakes(tmp_path, CONFIG)[0]


def test_the_shipped_base_fits_its_weights() -> None:
    folder = ASSETS / "tiny-base"
    assert tokenizer_mistakes(folder, read_config(folder)) == []


def test_the_published_tokenizer_fits_the_published_config(shared_data: Path) -> None:
    published = DreamConfig(
        vocab_size=152064,
        hidden_size=3584,
        intermediate_size=18944,
        num_hidden_layers=28,
        num_attention_heads=28,
        num_key_value_heads=4,
        max_position_embeddings=131072,
        mask_token_id=151666,
        pad_token_id=151643,
        eos_token_id=151643,
        rope_theta=1e6,
        rms_norm_eps=1e-6,
    )
    folder = shared_data / "dream7b_tokenizer"
    assert tokenizer_mistakes(folder, published) == []
    small = dataclasses.replace(published, vocab_size=151667 - 1, mask_token_id=0)
    assert len(tokenizer_mistakes(folder, small)) == 2
