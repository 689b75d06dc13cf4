"""Keys and values of every layer, padded to one length for all slots.

Shape letters: B slots, S padded positions (the context bucket), G key-value heads, K head width,
F rows of a full pass, W positions of a window.
"""

from __future__ import annotations

from torch import Tensor

from dream_sft.model.network import Dream


class KeyValues:
    """For each layer keys and values [B + 1, S, G, K]; the last slot takes what dummies write.

    Written in place: a captured CUDA graph holds the addresses.
    """

    def __init__(self, model: Dream, slots: int, context: int) -> None:
        config, weight = model.config, model.lm_head.weight
        form = (slots + 1, context, config.num_key_value_heads, config.head_dim)
        layers = range(config.num_hidden_layers)
        like = weight.detach()
        # Zeros, not whatever lies there: a padded value of NaN would pass a weight of zero.
        self.keys = [like.new_zeros(form) for _ in layers]
        self.values = [like.new_zeros(form) for _ in layers]
        self.slots, self.context = slots, context

    def write_rows(self, layer: int, slots_F: Tensor, k_FSGK: Tensor, v_FSGK: Tensor) -> None:
        """Whole rows."""
        self.keys[layer].index_copy_(0, slots_F, k_FSGK)
        self.values[layer].index_copy_(0, slots_F, v_FSGK)

    def write_window(self, layer: int, places_N: Tensor, k_BWGK: Tensor, v_BWGK: Tensor) -> None:
        """Positions of all slots; places_N = slot * S + position, N = B * W."""
        for kept, new in ((self.keys[layer], k_BWGK), (self.values[layer], v_BWGK)):
            kept.flatten(0, 1).index_copy_(0, places_N, new.flatten(0, 1))

    def of(self, layer: int) -> tuple[Tensor, Tensor]:
        """Keys and values [B, S, G, K] without the slot of dummies."""
        return self.keys[layer][: self.slots], self.values[layer][: self.slots]
