"""What can be refused from files and settings alone, before a weight is read or a GPU touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from dream_sft.data.dataset import Dataset, load_dataset, read_conversion
from dream_sft.diffusion.masking import EosTail
from dream_sft.io.errors import DataError, SpecError, WeightsError
from dream_sft.model import weights
from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream
from dream_sft.train.checkpoint import Checkpoint, read_checkpoint
from dream_sft.train.methods.settings import check_settings
from dream_sft.train.over_long import refuse_beyond_positions, refuse_over_long
from dream_sft.train.schedule import total_steps
from dream_sft.train.state import base_digest, identity_of
from dream_sft.train.trackers.open import check_trackers
from dream_sft.train.validation import refuse_none_held_out


def check_inputs(spec: dict[str, Any]) -> tuple[Dataset, Checkpoint | None]:
    """The data set, and the checkpoint to go on from, of a spec that can be carried out.

    Raises SpecError, DataError or WeightsError.
    """
    training, base = spec["training"], Path(spec["base"])
    if spec["output"] is not None and Path(spec["output"]).resolve() == base.resolve():
        raise SpecError("output: expected another folder than base, which it would overwrite")
    if spec["output"] is None and _in_parts(training):
        raise SpecError(
            "output: expected a folder, got null: processes that hold a part of the weights each "
            "(worldSize over 1, fullMode plain) take their digest from what they write"
        )
    check_trackers(training["trackers"])
    check_settings(training, spec["device"])
    check_base(base, training)
    config = weights.read_config(base)
    dataset = load_dataset(spec["dataset"])
    check_tokens(dataset, config)
    check_lengths(dataset, training, config)
    if spec["resumeFrom"] is None:
        return dataset, None
    resumed = read_checkpoint(Path(spec["resumeFrom"]))
    total = total_steps(training, len(dataset))
    known = base_digest(training, base)
    identity = identity_of(training, total, dataset, config.to_dict(), known)
    mistakes = identity.differences(resumed.settings)
    if mistakes:
        raise DataError(
            f"the checkpoint {resumed.folder} belongs to another run; "
            "start without resumeFrom, or use the settings it was made with",
            mistakes,
        )
    return dataset, resumed


def _in_parts(training: dict[str, Any]) -> bool:
    plain = training["method"] == "full" and training["fullMode"] == "plain"
    return plain and bool(training["worldSize"] > 1)


def check_lengths(dataset: Dataset, training: dict[str, Any], config: DreamConfig) -> None:
    """Raises SpecError or DataError: a document with its end tokens is longer than a packed row, or
    than the model's positions; or validation is asked for and no row is held out."""
    parts = [(dataset, EosTail.parse(training["eosTail"]))]
    if training["validation"] is not None:
        held_out = load_dataset(dataset.folder, held_out=True)
        refuse_none_held_out(held_out)
        parts.append((held_out, EosTail()))
    for documents, tail in parts:
        if training["tokensPerMicroBatch"] is not None:
            refuse_over_long(documents, tail, training["tokensPerMicroBatch"])
        refuse_beyond_positions(documents, tail, config.max_position_embeddings)


def check_tokens(dataset: Dataset, config: DreamConfig) -> None:
    """Raises DataError: data made with another tokenizer would train nonsense in silence."""
    made_with = read_conversion(dataset.folder)["tokenizer"]
    mistakes = [
        f"{name} token: the data set has {made_with[key]}, the model {wanted}"
        for name, key, wanted in (
            ("mask", "maskId", config.mask_token_id),
            ("end", "eosId", config.eos_token_id),
        )
        if made_with[key] != wanted
    ]
    if len(dataset) == 0:
        mistakes.append("the data set holds no document")
    elif int(dataset.ids.max()) >= config.vocab_size or int(dataset.ids.min()) < 0:
        mistakes.append(f"the data set has token ids outside 0..{config.vocab_size - 1}")
    if mistakes:
        raise DataError(
            f"{dataset.folder} does not fit the model; convert with the model's own tokenizer",
            mistakes,
        )


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
