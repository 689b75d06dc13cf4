"""A small model with an adapter that does something, in memory and as folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from dream_sft.adapters.lora import LoraLinear, add_lora
from dream_sft.model.network import Dream
from dream_sft.model.weights import save_dream
from tests.model.small import small_dream

LORA: dict[str, Any] = {
    "rank": 3,
    "alpha": 6,
    "modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
}


def adapted(**changes: Any) -> Dream:
    """The small model with factors of which none is zero."""
    model = small_dream()
    add_lora(model, {**LORA, **changes}, seed=5)
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for part in model.modules():
            if isinstance(part, LoraLinear):
                part.lora_B.copy_(0.2 * torch.randn(part.lora_B.shape, generator=generator))
    return model


def base_folder(folder: Path, *, dtype: torch.dtype = torch.bfloat16, shards: int = 4000) -> Path:
    """The small model's weights in `dtype`, cut into several files, with files beside them."""
    save_dream(small_dream().to(dtype), folder, max_shard_bytes=shards)
    (folder / "tokenizer_config.json").write_text('{ "odd":   "spacing" }')
    (folder / "modeling_dream.py").write_bytes(b"# remote code\r\n")
    (folder / "assets").mkdir()
    (folder / "assets" / "picture.png").write_bytes(bytes(range(256)))
    return folder
