"""The orders in which masked positions are revealed, by name."""

from dream_sft.sampling.orders.entropy import Entropy
from dream_sft.sampling.orders.maskgit_plus import MaskgitPlus
from dream_sft.sampling.orders.origin import Origin
from dream_sft.sampling.orders.protocol import Order, StepView
from dream_sft.sampling.orders.topk_margin import TopkMargin

ORDERS: dict[str, Order] = {
    "origin": Origin(),
    "maskgit_plus": MaskgitPlus(),
    "topk_margin": TopkMargin(),
    "entropy": Entropy(),
}

__all__ = ["ORDERS", "Order", "StepView"]
