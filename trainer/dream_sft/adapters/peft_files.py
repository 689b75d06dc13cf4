"""A LoRA adapter on disk, in PEFT's layout.

A folder with
- adapter_model.safetensors: `base_model.model.<module>.lora_A.weight` float32 [R, I] and
  `….lora_B.weight` float32 [O, R]; `base_model.model.` is what PeftModel puts before the names of
  the published model, so the module is `model.layers.0.self_attn.q_proj` here as there;
- adapter_config.json: rank, alpha, the suffixes of the adapted modules and the base's name.
The layout is that of huggingface/peft (`save_and_load.get_peft_model_state_dict`, `LoraConfig`).
The same factors give the same bytes. Rank patterns, DoRA, rsLoRA and adapted biases are refused.

Shape letters: I inputs, O outputs, R rank.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from dream_sft.adapters.lora import LoraError, LoraLinear, add_lora
from dream_sft.io.files import FileEntry, file_entries, write_folder
from dream_sft.model.network import Dream

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
_PREFIX = "base_model.model."
# What PEFT can do and neither `load_adapter` nor the merge computes: only these values are read.
_ONLY: dict[str, Any] = {
    "peft_type": "LORA",
    "bias": "none",
    "fan_in_fan_out": False,
    "lora_bias": False,
    "use_dora": False,
    "use_rslora": False,
    "modules_to_save": None,
    "rank_pattern": {},
    "alpha_pattern": {},
}


class AdapterError(ValueError):
    """A folder that is no usable adapter; `mistakes` lists every reason found."""

    def __init__(self, folder: Path, mistakes: Sequence[str]) -> None:
        self.folder, self.mistakes = folder, list(mistakes)
        shown = "; ".join(self.mistakes[:12])
        more = f"; and {len(self.mistakes) - 12} more" if len(self.mistakes) > 12 else ""
        super().__init__(f"cannot use the adapter in {folder}: {shown}{more}")


@dataclass(frozen=True)
class AdapterFiles:
    """What a folder holds, read without its weights."""

    folder: Path
    rank: int
    alpha: float
    base_name: str
    modules: dict[str, tuple[int, int]]
    """Module name (`model.layers.0.self_attn.q_proj`) to (outputs, inputs)."""

    @property
    def scale(self) -> float:
        """alpha / rank: what the product of the factors is multiplied by."""
        return self.alpha / self.rank

    @property
    def kinds(self) -> list[str]:
        """The suffixes, sorted: what `lora.modules` would name."""
        return sorted({name.rpartition(".")[2] for name in self.modules})

    def factors(self, module: str) -> tuple[Tensor, Tensor]:
        """`lora_A` [R, I] and `lora_B` [O, R] of one module, float32, on the CPU."""
        with safe_open(self.folder / WEIGHTS, framework="pt", device="cpu") as file:
            thin, wide = (file.get_tensor(_key(module, part)).float() for part in "AB")
        return thin, wide


def save_adapter(model: Dream, folder: Path, *, base_name: str) -> list[FileEntry]:
    """Write the factors of `model` into `folder`, whole or not at all; the files' entries.

    `base_name` is what PEFT loads the base from when nobody names another: a hub repository or
    a folder. Raises ValueError for a model without factors, OSError (disk full).
    """
    layers = _layers(model)
    if not layers:
        raise ValueError("the model has no LoRA factors to save; call add_lora first")
    tensors = {}
    for name, layer in layers.items():
        for part, factor in (("A", layer.lora_A), ("B", layer.lora_B)):
            tensors[_key(name, part)] = factor.detach().float().cpu().contiguous()
    settings = _settings(layers, base_name)

    def fill(target: Path) -> list[FileEntry]:
        (target / WEIGHTS).write_bytes(save(tensors, metadata={"format": "pt"}))
        text = json.dumps(settings, indent=2, ensure_ascii=False, sort_keys=True)
        (target / CONFIG).write_text(text + "\n", encoding="utf-8")
        return file_entries(target)

    return write_folder(folder, fill)


def read_adapter(folder: Path) -> AdapterFiles:
    """Settings and shapes in `folder`. Raises AdapterError with every reason against it."""
    settings = _read_settings(folder)
    mistakes = [
        f"{CONFIG}: {key} is {settings[key]!r}, only {only!r} is supported"
        for key, only in _ONLY.items()
        if settings.get(key, only) != only
    ]
    rank, alpha = settings.get("r"), settings.get("lora_alpha")
    if not isinstance(rank, int) or isinstance(rank, bool) or rank < 1:
        mistakes.append(f"{CONFIG}: r must be a whole number >= 1, got {rank!r}")
    if not isinstance(alpha, (int, float)) or isinstance(alpha, bool) or not alpha > 0:
        mistakes.append(f"{CONFIG}: lora_alpha must be a number > 0, got {alpha!r}")
    shapes = _shapes(folder, mistakes)
    modules = _modules(shapes, rank, mistakes)
    if mistakes:
        raise AdapterError(folder, mistakes)
    name = str(settings.get("base_model_name_or_path") or "")
    return AdapterFiles(folder, int(rank or 0), float(alpha or 0), name, modules)


@torch.no_grad()
def load_adapter(model: Dream, folder: Path) -> AdapterFiles:
    """Put the factors in `folder` into `model`, adding the layers when it has none yet.

    Raises AdapterError when the adapter is damaged or made for another shape, rank, alpha or set
    of modules; the model is then as before.
    """
    files = read_adapter(folder)
    mistakes = _against_model(files, model)
    if mistakes:
        raise AdapterError(folder, mistakes)
    if not _layers(model):
        _add_layers(model, files)
    for name, layer in _layers(model).items():
        thin, wide = files.factors(name)
        layer.lora_A.copy_(thin)
        layer.lora_B.copy_(wide)
    return files


def _add_layers(model: Dream, files: AdapterFiles) -> None:
    lora = {"rank": files.rank, "alpha": files.alpha, "modules": files.kinds}
    try:
        add_lora(model, lora, None)
    except LoraError as error:
        raise AdapterError(files.folder, error.mistakes) from error


def _key(module: str, part: str) -> str:
    return f"{_PREFIX}{module}.lora_{part}.weight"


def _layers(model: Dream) -> dict[str, LoraLinear]:
    return {name: part for name, part in model.named_modules() if isinstance(part, LoraLinear)}


def _settings(layers: Mapping[str, LoraLinear], base_name: str) -> dict[str, Any]:
    one = next(iter(layers.values()))
    rank = one.lora_A.shape[0]
    alpha = float(f"{one.scale * rank:.12g}")  # undo the division, without its round-off
    return {
        **_ONLY,
        "base_model_name_or_path": base_name,
        "inference_mode": True,
        "init_lora_weights": True,
        "lora_alpha": int(alpha) if alpha.is_integer() else alpha,
        "lora_dropout": 0.0,
        "r": rank,
        "target_modules": sorted({name.rpartition(".")[2] for name in layers}),
        "task_type": None,
    }


def _read_settings(folder: Path) -> dict[str, Any]:
    try:
        settings = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AdapterError(folder, [f"{CONFIG} is missing"]) from error
    except (OSError, ValueError) as error:
        raise AdapterError(folder, [f"{CONFIG} cannot be read ({error})"]) from error
    if not isinstance(settings, dict):
        raise AdapterError(folder, [f"{CONFIG} is not a JSON object"])
    return settings


def _shapes(folder: Path, mistakes: list[str]) -> dict[str, tuple[int, ...]]:
    path = folder / WEIGHTS
    if not path.is_file():
        mistakes.append(f"{WEIGHTS} is missing")
        return {}
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return {k: tuple(file.get_slice(k).get_shape()) for k in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        mistakes.append(f"{WEIGHTS} is cut off or damaged ({error})")
        return {}


def _modules(
    shapes: Mapping[str, tuple[int, ...]], rank: object, mistakes: list[str]
) -> dict[str, tuple[int, int]]:
    """(outputs, inputs) by module; appends what is wrong with the keys."""
    named = sorted({key.rpartition(".lora_")[0].removeprefix(_PREFIX) for key in shapes})
    wanted = {_key(module, part) for module in named for part in "AB"}
    mistakes += [f"{key} is no LoRA factor" for key in sorted(shapes.keys() - wanted)]
    mistakes += [f"{key} is missing" for key in sorted(wanted - shapes.keys()) if module_of(key)]
    found = {}
    for module in named:
        thin, wide = (shapes.get(_key(module, part)) for part in "AB")
        if thin is None or wide is None:
            continue
        if len(thin) != 2 or len(wide) != 2 or not thin[0] == wide[1] == rank:
            mistakes.append(
                f"{module}: factors {list(thin)} and {list(wide)} do not have rank {rank}"
            )
            continue
        found[module] = (wide[0], thin[1])
    return found


def module_of(key: str) -> str:
    """`model.layers.0.self_attn.q_proj` of a factor's key; empty when it is none."""
    return key.rpartition(".lora_")[0].removeprefix(_PREFIX)


def _against_model(files: AdapterFiles, model: Dream) -> list[str]:
    layers = _layers(model)
    modules = dict(model.named_modules())
    mistakes = []
    for name, (outputs, inputs) in files.modules.items():
        part = modules.get(name)
        theirs = (getattr(part, "out_features", None), getattr(part, "in_features", None))
        if None in theirs:
            mistakes.append(f"{name} is no projection of this model")
        elif theirs != (outputs, inputs):
            mistakes.append(
                f"{name} is {list(theirs)} here, the adapter is for {[outputs, inputs]}"
            )
    if not layers:
        wanted = {n for n in modules if n.rpartition(".")[2] in files.kinds}
        return mistakes + [
            f"{n} has no factors in the adapter" for n in sorted(wanted - files.modules.keys())
        ]
    missing, extra = layers.keys() - files.modules.keys(), files.modules.keys() - layers.keys()
    mistakes += [f"{name} has no factors in the adapter" for name in sorted(missing)]
    mistakes += [f"{name} has no factors in this model" for name in sorted(extra)]
    one = next(iter(layers.values()))
    if one.lora_A.shape[0] != files.rank:
        mistakes.append(f"rank {files.rank}, this model has rank {one.lora_A.shape[0]}")
    if not math.isclose(one.scale, files.scale, rel_tol=1e-9):
        mistakes.append(f"scale alpha / rank {files.scale:g}, this model has {one.scale:g}")
    return mistakes
