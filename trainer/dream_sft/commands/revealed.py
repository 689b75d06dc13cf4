"""How a step of the denoising is told to people: in an event, in a saved trace."""

from __future__ import annotations

from typing import Any

from dream_sft.data.tokenizer import Tokenizer
from dream_sft.sampling.trace import Reveal


def revealed_token(tokenizer: Tokenizer, reveal: Reveal) -> dict[str, Any]:
    """Position, token and its text (None for the mask: taken back) with its confidence."""
    masked = reveal.token == tokenizer.mask_id
    return {
        "position": reveal.position,
        "token": reveal.token,
        "text": None if masked else tokenizer.decode([reveal.token]),
        "confidence": reveal.confidence,
    }
