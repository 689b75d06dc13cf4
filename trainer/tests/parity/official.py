"""The official loss fixture as one packed row of ours, its rows as documents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from dream_sft.diffusion.masking import Shape
from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream
from dream_sft.train.batches import MicroBatch, TokenIds
from dream_sft.train.micro_batches import RowLayout, Sample, micro_batches
from tests.diffusion.test_weighting import RULES

Q_PROJ = "model.layers.0.self_attn.q_proj.weight"


def packed_row(expected: dict[str, Tensor], config: DreamConfig, weighting: str) -> MicroBatch:
    """All rows of expected_loss.safetensors in one row of ours, with a padding document."""
    columns = (expected[key].numpy() for key in ("input_ids", "masked", "loss_mask", "t"))
    samples = [
        Sample(n, 0, float(t), ids_L, _shape(loss_mask_L), masked_L)
        for n, (ids_L, masked_L, loss_mask_L, t) in enumerate(zip(*columns, strict=True))
    ]
    layout = RowLayout(documents=1, packed_tokens=1024)
    (micro,) = micro_batches(
        samples, layout, TokenIds(config.mask_token_id, 0, 0), RULES[weighting]
    )
    assert micro.lengths is not None and len(micro.lengths) == len(samples) + 1
    return micro


def assert_official(model: Dream, loss: Tensor, expected: dict[str, Tensor], name: str) -> None:
    """Loss, gradient of layer 0's q_proj and norm of the head's, as the official code has them."""
    torch.testing.assert_close(loss.detach()[None], expected[f"{name}.loss"], rtol=2e-6, atol=0)
    grad = model.get_parameter(Q_PROJ).grad
    torch.testing.assert_close(grad, expected[f"{name}.grad.{Q_PROJ}"], rtol=1e-4, atol=2e-6)
    head = model.lm_head.weight.grad
    assert head is not None
    norm = expected[f"{name}.grad.lm_head.weight_norm"]
    torch.testing.assert_close(head.norm()[None], norm, rtol=1e-5, atol=0)


def expected_loss(parity: Path) -> dict[str, Tensor]:
    return load_file(parity / "expected_loss.safetensors")


def _shape(loss_mask_L: np.ndarray) -> Shape:
    prompt = int(loss_mask_L.argmax())
    return Shape(prompt, len(loss_mask_L) - prompt, 0)
