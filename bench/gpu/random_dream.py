"""Dream 7B's real shape with random weights, drawn on the card: nothing to download."""

from __future__ import annotations

import torch

from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream
from dream_sft.train.sharding import local

DREAM_7B = DreamConfig.from_dict(
    {
        "vocab_size": 152064,
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1e6,
        "max_position_embeddings": 131072,
        "mask_token_id": 151666,
        "pad_token_id": 151643,
        "eos_token_id": 151643,
        "bos_token_id": 151643,
        "initializer_range": 0.02,
    }
)
# For a try on a machine without a card.
TINY = DreamConfig.from_dict(
    {
        **DREAM_7B.to_dict(),
        "vocab_size": 512,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "mask_token_id": 511,
        "pad_token_id": 510,
        "eos_token_id": 510,
        "bos_token_id": 510,
    }
)


def random_dream(config: DreamConfig, device: torch.device, dtype: torch.dtype) -> Dream:
    """N(0, 0.02), norms one; another card model may draw other numbers."""
    with torch.device("meta"):
        model = Dream(config)
    model = model.to(dtype).to_empty(device=device)
    draw(model, torch.Generator(device).manual_seed(0))
    return model


def draw(model: Dream, generator: torch.Generator) -> None:
    """Of a model that is spread over ranks, this rank's rows: give each rank its own seed."""
    for name, weight in model.named_parameters():
        rows = local(weight.detach())
        if name.endswith("norm.weight"):
            rows.fill_(1.0)
        else:
            rows.normal_(0, model.config.initializer_range, generator=generator)
