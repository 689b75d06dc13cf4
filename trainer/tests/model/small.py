"""A small random model for tests that need no reference."""

from __future__ import annotations

from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream, init_weights


def small_dream(*, layers: int = 2, seed: int = 0, spread: float = 0.3) -> Dream:
    config = DreamConfig(
        vocab_size=40,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        mask_token_id=39,
        pad_token_id=38,
        eos_token_id=38,
        rope_theta=1e6,
        rms_norm_eps=1e-6,
        initializer_range=spread,
    )
    model = Dream(config)
    init_weights(model, seed)
    return model
