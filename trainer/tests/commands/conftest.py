from __future__ import annotations

import json
from pathlib import Path

import pytest

from dream_sft.data.character_tokenizer import CharacterTokenizer, default_vocabulary
from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream, init_weights
from dream_sft.model.weights import save_dream


@pytest.fixture(scope="session")
def character_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model with the character tokenizer in its folder."""
    folder = tmp_path_factory.mktemp("character-model")
    tokenizer = CharacterTokenizer(default_vocabulary())
    config = DreamConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=128,
        mask_token_id=tokenizer.mask_id,
        pad_token_id=tokenizer.pad_id,
        eos_token_id=tokenizer.eos_id,
        rope_theta=10000.0,
        rms_norm_eps=1e-6,
    )
    model = Dream(config)
    init_weights(model, 7)
    save_dream(model, folder)
    for name, content in tokenizer.files().items():
        (folder / name).write_text(json.dumps(content))
    return folder
