"""What can be refused from headers and settings alone, before a weight is read or a GPU touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from dream_sft.io.errors import SpecError, WeightsError
from dream_sft.model import weights
from dream_sft.model.network import Dream


def check_base(folder: Path, training: dict[str, Any]) -> None:
    """Raises WeightsError (the folder; every mistake) or SpecError (a rank too large; likewise)."""
    try:
        config = weights.read_config(folder)
        with torch.device("meta"):
            model = Dream(config)
        weights.checked_files(folder, model)
    except weights.WeightsError as error:
        raise WeightsError(
            f"cannot use the model in {folder}; fetch it again or name another folder",
            error.mistakes,
        ) from error
    mistakes = rank_mistakes(model, training["lora"]) if training.get("method") == "lora" else []
    if mistakes:
        raise SpecError("training.lora.rank is larger than a matrix it adapts", mistakes)


def rank_mistakes(model: Dream, lora: dict[str, Any]) -> list[str]:
    """One line a kind of projection: all layers have the same shapes. Works on the meta device."""
    mistakes: dict[str, str] = {}
    for name, module in model.model.layers[0].named_modules():
        kind = name.rpartition(".")[2]
        if isinstance(module, nn.Linear) and kind in lora["modules"]:
            smaller = min(module.in_features, module.out_features)
            if lora["rank"] > smaller:
                mistakes[kind] = (
                    f"lora.rank {lora['rank']} exceeds the smaller side of {kind}, "
                    f"{module.out_features} x {module.in_features}; take at most {smaller}"
                )
    return list(mistakes.values())
