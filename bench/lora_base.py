"""A base whose LoRA has as many weights as Dream 7B's at rank 16, and rows to train it on.

    PYTHONPATH=trainer python bench/lora_base.py FOLDER

Writes FOLDER/base (random weights, the tokenizer of the tiny base) and FOLDER/dataset (worked
additions). Rank 500 on every linear layer has 40.3 million weights, so that a checkpoint with its
two moments in float32 takes 484 MB, while a step still takes about a second of one CPU core.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import torch

from dream_sft.data.arithmetic import generate_rows
from dream_sft.model.config import DreamConfig
from dream_sft.model.weights import read_config, save_dream
from gpu.random_dream import random_dream

ROOT = Path(__file__).resolve().parents[1]
TINY = ROOT / "trainer/assets/tiny-base"
SIZES = {
    "hidden_size": 640,
    "intermediate_size": 640,
    "num_hidden_layers": 9,
    "num_attention_heads": 10,
    "num_key_value_heads": 10,
}


def write_base(folder: Path) -> None:
    config = DreamConfig.from_dict({**read_config(TINY).to_dict(), **SIZES})
    save_dream(random_dream(config, torch.device("cpu"), torch.float32), folder)
    for name in ("tokenizer_config.json", "vocab.json"):
        shutil.copy(TINY / name, folder / name)


def write_dataset(folder: Path) -> None:
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in generate_rows(2000, 0)))
    spec = {
        "command": "convert",
        "runDir": str(folder / "convert"),
        "dataset": str(rows),
        "tokenizer": str(TINY),
        "output": str(folder / "dataset"),
        "view": "attempt",
        "maxLength": 48,
    }
    (folder / "convert.json").write_text(json.dumps(spec))
    call = [
        sys.executable,
        "-m",
        "dream_sft",
        "convert",
        "--spec",
        str(folder / "convert.json"),
    ]
    subprocess.run(call, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    write_base(Path(sys.argv[1]) / "base")
    write_dataset(Path(sys.argv[1]))
