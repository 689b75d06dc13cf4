"""Merging an adapter into its base: W' = W + (alpha / r) B A, in float32, rounded once.

Goes shard by shard, so that host memory holds one shard and one projection in float32. Each shard
keeps its name, its keys, their order's meaning (the index file) and its metadata; every other file
of the base folder is copied byte for byte, so tokenizer, config and remote code stay the published
ones. What `merge_comparison` says about the result is measured, not assumed.

Shape letters: I inputs, O outputs, R rank.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from dream_sft.adapters.peft_files import CONFIG as ADAPTER_CONFIG
from dream_sft.adapters.peft_files import AdapterError, AdapterFiles, read_adapter
from dream_sft.io.files import FileEntry, file_entries, write_folder
from dream_sft.model.network import Dream
from dream_sft.model.weights import checked_files, read_config

# Other forms of the base's weights would tell of an unmerged model beside the merged one.
_OTHER_WEIGHTS = {".bin", ".pt", ".pth", ".ckpt", ".gguf", ".h5", ".msgpack", ".safetensors"}


def merged_weight(base: Tensor, thin: Tensor, wide: Tensor, scale: float) -> Tensor:
    """base [O, I] plus scale · wide [O, R] · thin [R, I], summed in float32, in base's dtype."""
    update = torch.mm(wide.float(), thin.float()).mul_(scale)
    return update.add_(base.float()).to(base.dtype)


def merge(
    base: Path,
    adapter: Path,
    output: Path,
    *,
    device: torch.device | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[FileEntry]:
    """Write the merged model into `output`, whole or not at all; the files' entries.

    `device` is where the products are computed. `progress` hears bytes done and bytes in all.
    Raises model.weights.WeightsError (the base), AdapterError (the adapter, or not for this base),
    OSError (disk full).
    """
    with torch.device("meta"):
        form = Dream(read_config(base))
    shards = checked_files(base, form)
    files = read_adapter(adapter)
    _check_fit(files, shards)
    total = sum(path.stat().st_size for path in shards)

    def fill(target: Path) -> list[FileEntry]:
        _copy_others(base, target, shards)
        done = 0
        for path in shards:
            _merge_shard(path, target / path.name, files, device or torch.device("cpu"))
            done += path.stat().st_size
            progress(done, total)
        return file_entries(target)

    return write_folder(output, fill)


def _check_fit(files: AdapterFiles, shards: Mapping[Path, list[str]]) -> None:
    shapes = {}
    for path, keys in shards.items():
        with safe_open(path, framework="pt", device="cpu") as shard:
            shapes.update({key: tuple(shard.get_slice(key).get_shape()) for key in keys})
    mistakes = []
    for module, wanted in files.modules.items():
        there = shapes.get(f"{module}.weight")
        if there is None:
            mistakes.append(f"{module}.weight is not in the base")
        elif there != wanted:
            mistakes.append(f"{module} is {list(there)} in the base, the adapter is for {wanted}")
    if mistakes:
        raise AdapterError(files.folder, mistakes)


def _merge_shard(source: Path, target: Path, files: AdapterFiles, device: torch.device) -> None:
    tensors = {}
    with safe_open(source, framework="pt", device="cpu") as shard:
        metadata = shard.metadata()
        for key in shard.keys():  # noqa: SIM118 - safe_open is no mapping
            weight = shard.get_tensor(key)
            module = key.removesuffix(".weight")
            if module in files.modules:
                thin, wide = (factor.to(device) for factor in files.factors(module))
                weight = merged_weight(weight.to(device), thin, wide, files.scale).cpu()
            tensors[key] = weight
        save_file(tensors, target, metadata=metadata)


def _copy_others(base: Path, target: Path, shards: Mapping[Path, list[str]]) -> None:
    """Every file that is no weight, in sub-folders too; hidden ones are no part of a model."""
    for folder, folders, names in os.walk(base):
        # An adapter beneath a merged model tells of another base than the new one's.
        inside = [name for name in folders if not (Path(folder, name) / ADAPTER_CONFIG).exists()]
        folders[:] = sorted(name for name in inside if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or path in shards or path.suffix in _OTHER_WEIGHTS:
                continue
            copy = target / path.relative_to(base)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
