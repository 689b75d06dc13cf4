"""Runs where transformers is, without a line of ours: do foreign classes open our folders?

    python compare.py REQUEST.json

The request names model folders, a file of prompts and logits, and the classes to try: `published`
(AutoModel with the remote code that lies in the model's folder) and `dllm` (the package folder with
configuration_dream.py and modeling_dream.py). Prints one JSON line a folder and class.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_file


def published(folder: Path, _code: str) -> Any:
    return transformers.AutoModel.from_pretrained(
        folder, trust_remote_code=True, torch_dtype=torch.float32
    )


def dllm(folder: Path, code: str) -> Any:
    """The package's own class; imported by its folder, for the whole of dLLM wants a GPU stack."""
    spec = importlib.util.spec_from_file_location(
        "dllm_dream", Path(code) / "__init__.py", submodule_search_locations=[code]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["dllm_dream"] = package
    spec.loader.exec_module(package)
    return package.DreamModel.from_pretrained(folder, torch_dtype=torch.float32)


OPENERS = {"published": published, "dllm": dllm}


@torch.no_grad()
def compare(folder: Path, kind: str, code: str, logits_file: Path, base: Path) -> dict[str, Any]:
    """`changedByTraining`: what the difference would be, had the folder kept the base's weights."""
    model = OPENERS[kind](folder, code).eval()
    ours, before = load_file(logits_file), load_file(base)
    prompts = sorted(name.removeprefix("ids.") for name in ours if name.startswith("ids."))
    largest = max(
        float((model(input_ids=ours[f"ids.{n}"]).logits - ours[f"logits.{n}"]).abs().max())
        for n in prompts
    )
    return {
        "folder": folder.name,
        "opened": f"{kind} {type(model).__name__}",
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "prompts": len(prompts),
        "largestLogit": max(float(ours[f"logits.{n}"].abs().max()) for n in prompts),
        "changedByTraining": max(
            float((before[f"logits.{n}"] - ours[f"logits.{n}"]).abs().max()) for n in prompts
        ),
        "largestDifference": largest,
        "transformers": transformers.__version__,
        "torch": torch.__version__,
    }


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text())
    for kind, code in request["classes"].items():
        for folder, logits in request["models"].items():
            print(
                json.dumps(compare(Path(folder), kind, code, Path(logits), Path(request["base"]))),
                flush=True,
            )


if __name__ == "__main__":
    main()
