"""The published modelling code as a baseline, from a folder that the user has downloaded.

The folder holds modeling_dream.py, configuration_dream.py and generation_utils.py as they lie
beside the weights of Dream-v0-Instruct-7B (transformers 4.46.2 must be installed). Nothing is
fetched, and only this bench runs that code. The weights are our random ones, shared, not copied.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from dream_sft.model.network import Dream

PACKAGE = "published_dream"
FILES = ("modeling_dream", "configuration_dream", "generation_utils")
BATCHES = (1, 8, 32)
STEPS = 8


def published_model(folder: Path, ours: Dream) -> Any:
    """The published class in bf16 or fp32 with SDPA, on the weights of `ours`.

    Raises FileNotFoundError naming the files that the folder lacks.
    """
    missing = [f"{name}.py" for name in FILES if not (folder / f"{name}.py").is_file()]
    if missing:
        raise FileNotFoundError(f"{folder} lacks {', '.join(missing)}")
    modeling, configuration = _import(folder, "modeling_dream"), _import(folder, FILES[1])
    config = configuration.DreamConfig(
        **ours.config.to_dict(), attn_implementation="sdpa", use_cache=False
    )
    weight = ours.lm_head.weight
    usual = torch.get_default_dtype()
    torch.set_default_dtype(weight.dtype)
    try:
        # Not on meta: the inverse frequencies of its rotary modules are no part of the weights.
        with torch.device(weight.device):
            model = modeling.DreamModel(config)
    finally:
        torch.set_default_dtype(usual)
    model.load_state_dict(ours.state_dict(), strict=True, assign=True)
    return model.eval()


def generate(model: Any, ids_BL: torch.Tensor, new: int, steps: int) -> torch.Tensor:
    """Its own diffusion_generate: entropy, temperature 0, so many steps over `new` masks."""
    config = model.config
    return model.diffusion_generate(
        ids_BL,
        attention_mask=torch.ones_like(ids_BL),
        max_new_tokens=new,
        steps=steps,
        temperature=0.0,
        alg="entropy",
        mask_token_id=config.mask_token_id,
        pad_token_id=config.pad_token_id,
        eos_token_id=config.eos_token_id,
        bos_token_id=config.bos_token_id,
    )


def seconds_a_step(
    folder: Path | None,
    ours: Dream,
    prompts: Sequence[list[int]],
    new: int,
    seconds: Callable[[Callable[[], object]], float],
) -> Iterator[tuple[int, float]]:
    """(batch, median seconds of one of its steps); nothing without a folder."""
    if folder is None:
        return
    model = published_model(folder, ours)
    for batch in BATCHES:
        ids_BL = torch.tensor(prompts[:batch], device=ours.lm_head.weight.device)

        def run(ids_BL: torch.Tensor = ids_BL) -> None:
            generate(model, ids_BL, new, STEPS)

        run()
        yield batch, statistics.median(seconds(run) for _ in range(3)) / STEPS


def _import(folder: Path, name: str) -> Any:
    """A file of the folder, whose own imports are relative: the folder as a package."""
    if PACKAGE not in sys.modules:
        spec = importlib.machinery.ModuleSpec(PACKAGE, None, is_package=True)
        spec.submodule_search_locations = [str(folder.resolve())]
        sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"{PACKAGE}.{name}")
