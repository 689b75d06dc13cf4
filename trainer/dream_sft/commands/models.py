"""Opening what commands share: a device, a model folder, its tokenizer."""

from __future__ import annotations

from pathlib import Path

import torch

from dream_sft.io.errors import SpecError, WeightsError
from dream_sft.model import weights
from dream_sft.model.network import Dream


def open_device(spec: dict[str, object]) -> torch.device:
    """The spec's device. Raises SpecError when torch sees none of that kind."""
    if spec["device"] == "cuda" and not torch.cuda.is_available():
        raise SpecError(
            "device: cuda is asked for, but torch sees no GPU here; take cpu, or a host with one"
        )
    return torch.device(str(spec["device"]))


def open_model(folder: str, device: torch.device) -> Dream:
    """The model in float32 on `device`. Raises WeightsError with every reason against it."""
    try:
        return weights.load_dream(Path(folder), device=device, dtype=torch.float32)
    except weights.WeightsError as error:
        raise WeightsError(
            f"cannot use the model in {folder}; fetch it again or name another folder",
            error.mistakes,
        ) from error
