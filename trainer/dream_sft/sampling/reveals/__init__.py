"""Which masked positions go first, by name."""

from dream_sft.sampling.reveals.at_random import AtRandom
from dream_sft.sampling.reveals.by_confidence import ByConfidence
from dream_sft.sampling.reveals.left_to_right import LeftToRight
from dream_sft.sampling.reveals.protocol import Mask, Reveal

REVEALS: dict[str, Reveal] = {
    "left_to_right": LeftToRight(),
    "official": ByConfidence(raw=False),
    "confidence": ByConfidence(raw=True),
}
AT_RANDOM: Reveal = AtRandom()


def reveal_of(reveal: str, order: str) -> Reveal:
    """Order origin has its own, which is the official one for it."""
    return AT_RANDOM if order == "origin" else REVEALS[reveal]


__all__ = ["REVEALS", "Mask", "Reveal", "reveal_of"]
