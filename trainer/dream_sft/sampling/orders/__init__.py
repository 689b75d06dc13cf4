"""Measures of confidence, by the official names."""

from dream_sft.sampling.orders.entropy import entropy
from dream_sft.sampling.orders.maskgit_plus import maskgit_plus
from dream_sft.sampling.orders.origin import origin
from dream_sft.sampling.orders.protocol import Order
from dream_sft.sampling.orders.topk_margin import topk_margin

ORDERS: dict[str, Order] = {
    "origin": origin,
    "maskgit_plus": maskgit_plus,
    "topk_margin": topk_margin,
    "entropy": entropy,
}

__all__ = ["ORDERS", "Order"]
