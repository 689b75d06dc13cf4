from __future__ import annotations

from typing import Any

import pytest

from dream_sft.model.config import ConfigError, DreamConfig

GOOD: dict[str, Any] = {
    "model_type": "Dream",
    "vocab_size": 40,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "rope_theta": 1e6,
    "rms_norm_eps": 1e-6,
    "mask_token_id": 39,
    "pad_token_id": 38,
    "eos_token_id": 38,
    "bos_token_id": 38,
    "auto_map": {"AutoModel": "modeling_dream.DreamModel"},
}


def test_reading_and_writing_loses_no_key_and_no_order() -> None:
    written = DreamConfig.from_dict(GOOD).to_dict()
    assert written == GOOD
    assert list(written) == list(GOOD)


def test_a_fresh_config_writes_what_it_reads() -> None:
    config = DreamConfig.from_dict(GOOD)
    bare = DreamConfig(**{k: v for k, v in vars(config).items() if k != "published"})
    again = DreamConfig.from_dict(bare.to_dict())
    assert again == bare
    assert again.to_dict() == bare.to_dict()


def test_every_mistake_at_once() -> None:
    bad = {**GOOD, "hidden_size": 18, "num_key_value_heads": 3, "mask_token_id": 40}
    bad |= {"rope_scaling": {"type": "yarn"}, "rms_norm_eps": 0}
    del bad["intermediate_size"]
    with pytest.raises(ConfigError) as caught:
        DreamConfig.from_dict(bad)
    for part in (
        "intermediate_size is missing",
        "rms_norm_eps",
        "mask_token_id 40 is outside",
        "hidden_size 18 is not a multiple of 4",
        "4 attention heads cannot share 3",
        "rope_scaling",
    ):
        assert any(part in mistake for mistake in caught.value.mistakes), part
    assert len(caught.value.mistakes) == 6


@pytest.mark.parametrize("value", [True, "16", 0, None])
def test_a_count_must_be_a_positive_whole_number(value: object) -> None:
    with pytest.raises(ConfigError, match="hidden_size must be a whole number"):
        DreamConfig.from_dict({**GOOD, "hidden_size": value})
