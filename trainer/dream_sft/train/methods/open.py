"""From a spec to the method that trains it, with its model on the device."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch

from dream_sft.adapters.lora import LoraError
from dream_sft.adapters.peft_files import AdapterError
from dream_sft.frozen.storage import StorageError, check_storage, freeze_layer
from dream_sft.io.errors import DataError, SpecError, WeightsError
from dream_sft.model import weights
from dream_sft.model.network import Dream
from dream_sft.model.packed_attention import KernelError, choose_kernel
from dream_sft.train.checkpoint import MODEL, Checkpoint
from dream_sft.train.compilation import compile_layers
from dream_sft.train.exact_loading import load_exact
from dream_sft.train.methods.exact import ExactFineTuning, FusedFineTuning
from dream_sft.train.methods.lora import ADAPTER, LoraFineTuning
from dream_sft.train.methods.method import Method
from dream_sft.train.methods.plain import PlainFineTuning
from dream_sft.train.methods.sharded import ShardedFineTuning
from dream_sft.train.ranks import ALONE, Ranks
from dream_sft.train.recompute import recompute_layers
from dream_sft.train.sharding import load_sharded
from dream_sft.train.state import base_digest

# auto begins with all and is settled by measuring (worst_case.py).
_LAYERS_COMPUTED_AGAIN = {"none": 0.0, "all": 1.0, "auto": 1.0}


def open_method(
    spec: dict[str, Any],
    device: torch.device,
    resumed: Checkpoint | None,
    ranks: Ranks = ALONE,
) -> Method:
    """The method with its weights loaded, its optimizer as new. Raises SpecError, WeightsError."""
    training, base = spec["training"], Path(spec["base"])
    try:
        method = _open(spec, base, device, resumed, ranks)
        prepare(method, training, device)
        return method
    except weights.WeightsError as error:
        raise WeightsError(
            f"cannot use the model in {error.folder}; fetch it again or name another folder",
            error.mistakes,
        ) from error
    except LoraError as error:
        raise SpecError("training.lora does not fit the model", error.mistakes) from error
    except AdapterError as error:
        raise DataError(
            f"the adapter of the checkpoint {error.folder} is damaged", error.mistakes
        ) from error
    except (StorageError, KernelError) as error:
        raise SpecError(f"training: {error}") from error


def prepare(method: Method, training: dict[str, Any], device: torch.device) -> None:
    """Kernels, activation checkpointing, compilation and CUDA graphs. Raises KernelError."""
    prepare_model(method.model, training, device)
    tokens = training["tokensPerMicroBatch"]
    graphs = training["cudaGraphs"] and method.model.packed_kernel == "cudnn"
    if graphs and tokens is not None and isinstance(method, LoraFineTuning):
        method.replay_layers(tokens)


def prepare_model(model: Dream, training: dict[str, Any], device: torch.device) -> None:
    """What concerns the model alone. Raises KernelError."""
    model.train()
    narrow = training["precision"] == "bf16"
    dtype = torch.bfloat16 if narrow else torch.float32
    if training["deterministic"]:  # before the kernel is chosen: not every one can be
        torch.use_deterministic_algorithms(True)
    model.packed_kernel = choose_kernel(training["attention"], device, dtype, model.config.head_dim)
    share = training["activationCheckpointing"]
    if training["compile"]:
        compile_layers(model)
    recompute_layers(model, _LAYERS_COMPUTED_AGAIN.get(share, share))


def _open(
    spec: dict[str, Any],
    base: Path,
    device: torch.device,
    resumed: Checkpoint | None,
    ranks: Ranks,
) -> Method:
    training = spec["training"]
    if training["method"] == "lora":
        storage = training["basePrecision"]
        check_storage(storage, device)
        dtype = torch.float32 if storage == "fp32" else torch.bfloat16
        # Layer by layer: a card that holds the quantised model need not hold the bf16 one before.
        arrived = partial(freeze_layer, storage=storage)
        model = weights.load_dream(base, device=device, dtype=dtype, arrived=arrived)
        adapter = None if resumed is None else resumed.folder / ADAPTER
        name = spec.get("baseName")
        method = LoraFineTuning(model, training, base, adapter=adapter, base_name=name, ranks=ranks)
        method.base_sha256 = base_digest(training, base)
        return method
    folder = base if resumed is None else resumed.folder / MODEL
    if training["fullMode"] == "plain":
        if ranks.count > 1:
            narrow = training["precision"] == "bf16"
            model = load_sharded(folder, device, ranks, narrow=narrow)
            return ShardedFineTuning(model, training, base, ranks=ranks)
        model = weights.load_dream(folder, device=device, dtype=torch.float32)
        return PlainFineTuning(model, training, base, ranks=ranks)
    model, remainders = load_exact(folder, device)
    if training["fullMode"] == "fused":
        return FusedFineTuning(model, remainders, training, base)
    return ExactFineTuning(model, remainders, training, base, ranks=ranks)
