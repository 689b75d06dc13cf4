"""What we train opens in Hugging Face with the published remote code, and in dLLM.

Trains a small model of Dream's architecture for a few steps, once whole and once with LoRA, by real
`python -m dream_sft train` processes; then another Python, with transformers and without ours,
opens both exported folders and compares logits with ours on prompts of several lengths.

    PYTHONPATH=trainer python bench/opens_elsewhere.py --python /other/venv/bin/python \
        --published FOLDER_WITH_modeling_dream.py --dllm dllm/pipelines/dream/models

The published code is that of the folder of Dream-v0-Instruct-7B (transformers 4.46.2); dLLM asks
for 4.57.0. Name one or both. One JSON line a folder and class.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "gpu")]
from dream_sft.model.network import Dream, init_weights  # noqa: E402
from dream_sft.model.weights import load_dream, save_dream  # noqa: E402
from random_dream import TINY  # noqa: E402
from train_gpu import write_documents  # noqa: E402

PROMPT_LENGTHS = (1, 7, 40, 129)
METHODS: dict[str, dict[str, Any]] = {
    "full": {"learningRate": 1e-3},
    "lora": {"method": "lora", "lora": {"rank": 4, "alpha": 8}, "learningRate": 1e-2},
}


def write_base(folder: Path, published: Path | None) -> None:
    """A random model among the files that lie beside the published weights."""
    model = Dream(TINY)
    init_weights(model, seed=7)
    save_dream(model, folder)
    if published is None:
        return
    # Without generation_config.json the published class does not open a folder.
    for path in [*published.glob("*.py"), published / "generation_config.json"]:
        shutil.copyfile(path, folder / path.name)
    config = json.loads((folder / "config.json").read_text())
    kept = json.loads((published / "config.json").read_text())
    config |= {key: kept[key] for key in ("auto_map", "architectures", "use_cache")}
    (folder / "config.json").write_text(json.dumps(config))


def export(root: Path, name: str) -> Path:
    """The folder that a run of three steps writes."""
    spec = {
        "command": "train",
        "runDir": f"{name}/run",
        "threads": 1,
        "base": "base",
        "dataset": "dataset",
        "training": {"steps": 3, "documentsPerStep": 4, **METHODS[name]},
        "checkpoints": {"everySteps": 100, "folder": f"{name}/checkpoints"},
        "output": f"{name}/{name}",
    }
    (root / f"{name}.json").write_text(json.dumps(spec))
    command = [
        sys.executable,
        "-m",
        "dream_sft",
        "train",
        "--spec",
        str(root / f"{name}.json"),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return root / name / name


@torch.no_grad()
def write_logits(folder: Path, file: Path) -> None:
    model, tensors = load_dream(folder), {}
    draw = torch.Generator().manual_seed(1)
    for length in PROMPT_LENGTHS:
        ids = torch.randint(0, TINY.vocab_size, (2, length), generator=draw)
        tensors |= {f"ids.{length}": ids, f"logits.{length}": model(ids)}
    save_file(tensors, file)


def measure(python: str, published: Path | None, dllm: Path | None) -> list[dict[str, Any]]:
    """One record for each exported folder and foreign class."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        write_base(root / "base", published)
        write_documents(root / "dataset", [30], TINY)
        write_logits(root / "base", root / "base.safetensors")
        models = {}
        for method in METHODS:
            folder, logits = export(root, method), root / f"{method}.safetensors"
            write_logits(folder, logits)
            models[str(folder)] = str(logits)
        wanted = {"published": published, "dllm": dllm}
        classes = {kind: str(code.resolve()) for kind, code in wanted.items() if code}
        request = root / "request.json"
        request.write_text(
            json.dumps(
                {"base": str(root / "base.safetensors"), "models": models, "classes": classes}
            )
        )
        # transformers copies remote code below this folder before it imports it.
        apart = {
            "HF_HOME": str(root / "hf"),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | apart
        done = subprocess.run(
            [python, str(HERE / "elsewhere" / "compare.py"), str(request)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the other Python failed:\n{done.stderr[-2000:]}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="a Python with transformers and torch")
    parser.add_argument(
        "--published", type=Path, help="folder with the published *.py, config.json"
    )
    parser.add_argument("--dllm", type=Path, help="dllm/pipelines/dream/models of a dLLM checkout")
    arguments = parser.parse_args()
    for record in measure(arguments.python, arguments.published, arguments.dllm):
        print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
