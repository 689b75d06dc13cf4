"""Loading weights for training with an exact master: bf16 halves and remainders."""

from __future__ import annotations

import threading
from pathlib import Path

import torch
from torch import Tensor

from dream_sft.model.network import Dream
from dream_sft.model.weights import load_dream, read_config
from dream_sft.train.exact_master import split


def load_exact(folder: Path, device: torch.device | str) -> tuple[Dream, dict[str, Tensor]]:
    """A bf16 model on `device`, and there the remainders, by name, of what is stored in float32.

    The published weights are bf16 and leave none. Raises WeightsError.
    """
    config = read_config(folder)
    with torch.device("meta"):
        shapes = {name: weight.shape for name, weight in Dream(config).state_dict().items()}
    remainders: dict[str, Tensor] = {}
    lock = threading.Lock()  # pieces of one weight come from several threads

    def halve(name: str, start: int, stored: Tensor) -> Tensor:
        if stored.dtype != torch.float32:
            return stored
        half, low = split(stored)
        with lock:
            if name not in remainders:
                remainders[name] = torch.empty(shapes[name], dtype=torch.int16, device=device)
        remainders[name].view(-1)[start : start + low.numel()].copy_(low)
        return half

    model = load_dream(folder, device=device, dtype=torch.bfloat16, convert=halve)
    return model, remainders
