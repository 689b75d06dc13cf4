"""Opening what commands share: a device, a model folder, its tokenizer."""

from __future__ import annotations

from pathlib import Path

import torch

from dream_sft.commands.missing_gpu import why_no_gpu
from dream_sft.data.tokenizer import Tokenizer, check_vocabulary, load_tokenizer
from dream_sft.io.errors import DataError, SpecError, WeightsError
from dream_sft.model import weights
from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig, SamplingError


def open_device(spec: dict[str, object]) -> torch.device:
    """The spec's device. Raises SpecError when torch sees none of that kind."""
    if spec["device"] == "cuda" and not torch.cuda.is_available():
        raise SpecError(
            f"device: cuda is asked for, but torch sees no GPU here: {why_no_gpu(torch)}"
        )
    return torch.device(str(spec["device"]))


def open_model(folder: str, device: torch.device) -> Dream:
    """The model on `device`: float32 on the CPU, bf16 (as published) on a GPU.

    Raises WeightsError with every reason against it.
    """
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    try:
        return weights.load_dream(Path(folder), device=device, dtype=dtype)
    except weights.WeightsError as error:
        raise WeightsError(
            f"cannot use the model in {folder}; fetch it again or name another folder",
            error.mistakes,
        ) from error


def open_tokenizer(folder: str, model: Dream) -> Tokenizer:
    """The tokenizer that lies with the model. Raises DataError when they do not fit."""
    tokenizer = load_tokenizer(folder)
    check_vocabulary(tokenizer, model.config.vocab_size)
    config = model.config
    mistakes = [
        f"{name} token: the tokenizer has {theirs}, the model {ours}"
        for name, theirs, ours in (
            ("mask", tokenizer.mask_id, config.mask_token_id),
            ("end", tokenizer.eos_id, config.eos_token_id),
        )
        if theirs != ours
    ]
    if mistakes:
        raise DataError(f"the tokenizer in {folder} does not fit the model there", mistakes)
    return tokenizer


def sampling_config(raw: dict[str, object]) -> SamplingConfig:
    """The spec's `sampling`. Raises SpecError with every mistake."""
    try:
        return SamplingConfig.from_dict(raw)
    except SamplingError as error:
        mistakes = [f"sampling: {mistake}" for mistake in error.mistakes]
        raise SpecError("the spec's sampling settings cannot work", mistakes) from error
