"""kind: initialised. A small model of Dream's architecture with random weights from a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dream_sft.download.item import Emit, Fetched, progress
from dream_sft.io.errors import SpecError

# The published vocabulary and special tokens, so that the real tokenizer fits (dream.md 1.1, 1.5).
_PUBLISHED = {
    "model_type": "Dream",
    "architectures": ["DreamModel"],
    "hidden_act": "silu",
    "attention_dropout": 0.0,
    "initializer_range": 0.02,
    "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "tie_word_embeddings": False,
    "use_sliding_window": False,
    "vocab_size": 152064,
    "mask_token_id": 151666,
    "pad_token_id": 151643,
    "eos_token_id": 151643,
    "bos_token_id": 151643,
    "torch_dtype": "float32",
}


def fetch(source: dict[str, Any], destination: Path, emit: Emit) -> Fetched:
    """Writes config.json and float32 weights; the same seed gives the same bytes.

    Raises SpecError when the heads do not divide the width.
    """
    from dream_sft.model.config import ConfigError, DreamConfig
    from dream_sft.model.network import Dream, init_weights
    from dream_sft.model.weights import save_dream

    shape = {
        "hidden_size": source["width"],
        "intermediate_size": source["width"] * 3,
        "num_hidden_layers": source["layers"],
        "num_attention_heads": source["heads"],
        "num_key_value_heads": source["heads"],
    }
    try:
        config = DreamConfig.from_dict({**_PUBLISHED, **shape})
    except ConfigError as error:
        raise SpecError("source: no such model can be made", error.mistakes) from error
    model = Dream(config)
    init_weights(model, source["seed"])
    paths = save_dream(model, destination)
    progress(emit, "initialised weights", 1, 1, "files")
    return Fetched(paths)
