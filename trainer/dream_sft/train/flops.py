"""Model FLOPs of a step, and the share of a card's peak that they use (MFU).

Counted are document tokens (prompt, response, first end token), never padding, tails or what is
computed again. A token costs 2 N forward and as much for the gradient of the inputs; weights that
are trained cost 2 N more: 4 N for LoRA, 6 N in full, N the parameters of all matrices but the
input embedding (PaLM, arXiv 2204.02311, appendix B, whose 6 N this is).

Attention within a document of L tokens is counted in the same proportion, 2 L^2 D a layer for each
of these 2 N: 12 L^2 D in full, which is what a card computes (4 forward, 8 backward), and 8 L^2 D
for LoRA. A card computes 12 L^2 D there too, since attention has no weights whose gradient falls
away, so the MFU of LoRA is told too low: by 2.7 % of itself at documents of 2048 tokens, by 5.2 %
at 4096. It stays so because the figures that it is compared with were reckoned so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dream_sft.model.config import DreamConfig

# Dense bf16 with float32 accumulation, from NVIDIA's data sheets; the longest name that is in
# the card's in whole words: an A10G is no A10, an RTX 4090 D no RTX 4090.
PEAK_FLOPS = {
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "H800": 989e12,
    "H200": 989e12,
    "H20": 148e12,
    "A100": 312e12,
    "A800": 312e12,
    "A10": 125e12,
    "L40S": 362e12,
    "L20": 119.5e12,
    "RTX 4090": 165.2e12,
    "RTX 4080": 97.5e12,
    "RTX 3090": 71e12,
}
_VARIANTS = r" (Ti|SUPER|D|Laptop)\b"


def matmul_parameters(config: DreamConfig) -> int:
    """Parameters that every token is multiplied with (7.07 B for Dream 7B)."""
    width, wide = config.hidden_size, config.intermediate_size
    kv_width = config.num_key_value_heads * config.head_dim
    layer = 2 * width * width + 2 * width * kv_width + 3 * width * wide
    return config.num_hidden_layers * layer + width * config.vocab_size


def step_flops(config: DreamConfig, lengths: Iterable[int], *, trained: bool) -> float:
    """FLOPs of documents of these lengths; `trained`: all weights are (else LoRA)."""
    passes = 6 if trained else 4
    parameters = matmul_parameters(config)
    square = 2.0 * config.num_hidden_layers * config.hidden_size
    return sum(passes * (parameters * n + square * n * n) for n in lengths)


def peak_flops(card: str) -> float | None:
    """Peak of the card with this name; None for one that is not in the table."""
    found = [name for name in PEAK_FLOPS if re.search(rf"\b{name}\b(?!{_VARIANTS})", card)]
    return PEAK_FLOPS[max(found, key=len)] if found else None
