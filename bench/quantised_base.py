"""What a quantised base costs: LoRA trained on bf16, fp8 and int8, judged on what is exported.

The same run (data, noise, seed) trains LoRA on each storage of one base. Every run exports the
bf16 base with its factors merged in; each export is then measured alike, on held-out rows:
- fixed-noise NLL, nats per masked token (training.validation's frozen grid), before and after;
- argmax agreement and KL at the same masked positions, against the export of the run on bf16.
The base as stored (quantised, not trained) is measured by the same grid. A second run on bf16 with
another seed says how far two good runs are apart anyway.

    PYTHONPATH=trainer python bench/quantised_base.py --steps 200 [--device cuda]

Uses the small trained base that ships with the project and its worked additions. Not yet measured
on Dream's weights. fp8 on a CPU rounds as the kernel does and sums in float32. `--base` and
`--dataset` name others (a folder of `convert` with held-out rows). One JSON line a storage.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dream_sft.adapters.comparison import compare
from dream_sft.data.arithmetic import generate_rows
from dream_sft.data.dataset import load_dataset
from dream_sft.diffusion.loss import masked_loss
from dream_sft.frozen.storage import freeze
from dream_sft.model.network import Dream
from dream_sft.model.to_device import on_device
from dream_sft.model.weights import load_dream, read_config, save_dream
from dream_sft.train.batches import TokenIds
from dream_sft.train.methods.accumulation import Accumulation
from dream_sft.train.validation import Validation

ROOT = Path(__file__).resolve().parents[1]
# (storage, seed): the first is what the others are compared with.
RUNS = (("bf16", 1), ("fp8", 1), ("int8", 1), ("bf16", 2))
LAYOUT = {"documentsPerMicroBatch": 32}


def run(root: Path, command: str, **spec: Any) -> None:
    file = root / f"{command}.json"
    file.write_text(json.dumps({"command": command, **spec}))
    call = [sys.executable, "-m", "dream_sft", command, "--spec", str(file)]
    subprocess.run(call, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def additions(root: Path, tokenizer: Path) -> Path:
    """Worked additions, 64 of them held out."""
    rows = root / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in generate_rows(2000, 0)))
    run(
        root,
        "convert",
        runDir=str(root / "convert"),
        dataset=str(rows),
        tokenizer=str(tokenizer),
        output=str(root / "dataset"),
        view="attempt",
        maxLength=48,
        heldOutRows=64,
    )
    return root / "dataset"


def export(
    root: Path, storage: str, seed: int, dataset: Path, arguments: argparse.Namespace
) -> Path:
    """The bf16 base with what a run on `storage` learned."""
    name = f"{storage}-{seed}"
    training = {
        "steps": arguments.steps,
        "documentsPerStep": 16,
        **LAYOUT,
        "method": "lora",
        "lora": {"rank": arguments.rank, "alpha": 2 * arguments.rank},
        "basePrecision": storage,
        "precision": "bf16",
        "learningRate": arguments.rate,
        "seed": seed,
    }
    run(
        root,
        "train",
        runDir=str(root / name),
        base=str(root / "base"),
        dataset=str(dataset),
        device=arguments.device,
        training=training,
        checkpoints={"everySteps": 10**6, "folder": str(root / f"{name}-checkpoints")},
        output=str(root / f"{name}-export"),
    )
    return root / f"{name}-export"


class Judge:
    """Measures every model on the same held-out rows and noise."""

    def __init__(self, base: Path, dataset: Path, device: str) -> None:
        self._device = torch.device(device)
        config = read_config(base)
        ids = TokenIds(config.mask_token_id, config.eos_token_id, config.pad_token_id)
        rows = load_dataset(dataset, held_out=True)
        self._validation = Validation(rows, {**LAYOUT, "validation": {}}, ids)

    def open(self, folder: Path) -> Dream:
        return load_dream(folder, device=self._device, dtype=torch.bfloat16)

    def nll(self, model: Dream) -> float:
        head = partial(masked_loss, model.head)
        nll = Accumulation(model, head, "global", autocast=False).nll
        return self._validation.measure(nll).nll

    @torch.no_grad()
    def hidden(self, model: Dream) -> Tensor:
        """The rows [N, D] that score all masked positions of the grid."""
        parts = []
        for micro in (m for level in self._validation.levels for m in level.micro_batches):
            keep_BL = None if micro.keep_BL is None else on_device(micro.keep_BL, self._device)
            hidden_BLD = model.hidden(on_device(micro.noised_BL, self._device), keep_BL=keep_BL)
            parts.append(hidden_BLD.flatten(0, 1).cpu()[torch.from_numpy(micro.plan.rows)])
        return torch.cat(parts)


def judged(root: Path, dataset: Path, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    judge, reference = Judge(root / "base", dataset, arguments.device), None
    for storage, seed in RUNS:
        stored = judge.open(root / "base")
        freeze(stored, storage, torch.device(arguments.device))
        before = judge.nll(stored)
        model = judge.open(export(root, storage, seed, dataset, arguments))
        hidden = judge.hidden(model)
        reference = hidden if reference is None else reference
        agreement = compare(model, reference, hidden)
        yield {
            "basePrecision": storage,
            "seed": seed,
            "nllOfBaseAsStored": round(before, 5),
            "nllOfMergedBf16": round(judge.nll(model), 5),
            "argmaxAgreementWithBf16": round(agreement.argmax_agreement, 5),
            "klFromBf16": round(agreement.mean_kl, 6),
            "positions": agreement.positions,
            "steps": arguments.steps,
            "device": arguments.device,
            "torch": torch.__version__,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, default=ROOT / "trainer/assets/tiny-base")
    parser.add_argument("--dataset", type=Path, help="default: the base's worked additions")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        save_dream(
            load_dream(arguments.base, dtype=torch.bfloat16), root / "base", source=arguments.base
        )
        dataset = arguments.dataset or additions(root, arguments.base)
        for record in judged(root, dataset, arguments):
            print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
