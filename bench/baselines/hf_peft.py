"""What a user of transformers + peft gets on Dream 7B's shape: the other side of our ratios.

It stands for the script that people write today to fine-tune Dream 7B with LoRA on one card:
- `written`: as it is usually written. Gradient checkpointing, micro-batches of `--micro-batch`
  documents in the order they come, each padded to its longest.
- `tuned`: the same by somebody with a day to spend. No checkpointing, the micro-batch that was
  fastest of those that fit (tried here, before the clock starts), documents grouped by length.
Both: transformers' Qwen2 (Dream 7B is that architecture but for its mask) with random bfloat16
weights and bidirectional attention (`is_causal` off in every layer, so that a batch without padding
takes the flash kernel, as Dream's own code does; with padding a 4-D mask), peft's LoRA r16 on all
seven projections under autocast, full logits, the masked-diffusion loss on masked positions, fused
AdamW, clipping at 1.0, 16 documents a step (the next whole micro-batch). No data is read, nothing
is logged or saved, so the figure flatters the scripts a little.

Documents, their lengths and how tokens are counted are those of bench/train_gpu.py: prompt +
response + first end token; the scripts have no further end tokens to compute, ours do.

    pip install transformers==5.17.0 peft==0.21.2        (and torch, 2.11 or later)
    python bench/baselines/hf_peft.py written:2048 tuned:2048

A case is KIND:LENGTH, or KIND:LENGTH+LENGTH+... for documents of several lengths in turn. 20 steps
or 90 seconds; one JSON line a case. `--tiny` tries it on a CPU. Nothing in the project imports it.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import peft
import torch
import transformers
from hf_script import Script
from micro_batches import Steps, best_micro_batch, documents_of, steps_of, synchronise

PEAK_FLOPS = 989e12
MATMUL_PARAMETERS = 7.071e9
DREAM_7B = {
    "vocab_size": 152064,
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1e6,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
    "use_cache": False,
}
TINY = {
    **DREAM_7B,
    "vocab_size": 512,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


@dataclass
class Run:
    """What the timed steps did. computed: tokens with padding."""

    steps: int = 0
    tokens: int = 0
    computed: int = 0
    seconds: float = 0.0


def measure(case: str, script: Script, shape: dict[str, Any], limits: argparse.Namespace) -> None:
    kind, lengths_text = case.split(":")
    if kind not in ("written", "tuned"):
        raise ValueError(f"{kind} is no kind of script; take written or tuned")
    documents = documents_of([int(one) for one in lengths_text.split("+")], shape["vocab_size"])
    script.checkpointing(kind == "written")
    micro_batch, tried = limits.micro_batch, None
    if kind == "tuned":
        micro_batch, tried = best_micro_batch(script, documents)
    run = timed(script, steps_of(documents, micro_batch, kind == "tuned"), limits)
    lengths = [len(ids) for ids in documents]
    on_gpu = script.device.type == "cuda"
    line = {
        "case": case,
        "documentTokensPerSecond": round(run.tokens / run.seconds, 1),
        "mfu": round(run.tokens / run.seconds * flops_a_token(lengths, shape) / PEAK_FLOPS, 3)
        if on_gpu
        else None,
        "steps": run.steps,
        "seconds": round(run.seconds, 2),
        "microBatch": micro_batch,
        "millisecondsPerTokenTried": tried,
        "head": script.head,
        "padding": round(1 - run.tokens / run.computed, 4),
        "peakGiB": round(torch.cuda.max_memory_allocated() / 2**30, 1) if on_gpu else None,
        "card": torch.cuda.get_device_name() if on_gpu else "cpu",
        "versions": [torch.__version__, transformers.__version__, peft.__version__],
    }
    print(json.dumps(line), flush=True)


def timed(script: Script, batches: Steps, limits: argparse.Namespace) -> Run:
    """Steps until one of the limits, after one that is not timed."""
    draw, run = np.random.default_rng(3), Run()
    script.step([script.rows(part, draw) for part in next(batches)])
    synchronise(script.device)
    if script.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    begun = time.monotonic()
    while run.steps < limits.steps and time.monotonic() - begun < limits.seconds:
        micro_batches = [script.rows(part, draw) for part in next(batches)]
        script.step(micro_batches)
        synchronise(script.device)
        run.tokens += sum(rows.document_tokens for rows in micro_batches)
        run.computed += sum(rows.ids.numel() for rows in micro_batches)
        run.steps += 1
    run.seconds = time.monotonic() - begun
    return run


def flops_a_token(lengths: list[int], shape: dict[str, Any]) -> float:
    """4N for LoRA and attention's sum of L squared; what checkpointing computes again is not
    counted."""
    squares = sum(length**2 for length in lengths) / sum(lengths)
    layers, width = shape["num_hidden_layers"], shape["hidden_size"]
    return 4 * MATMUL_PARAMETERS + 4 * 2 * squares * layers * width


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="+", metavar="KIND:LENGTH")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--micro-batch", type=int, default=4, help="of `written`")
    parser.add_argument(
        "--head",
        choices=["all", "masked"],
        default="all",
        help="logits of all positions, or of masked ones only: a step further than most go",
    )
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    shape, device = (TINY, "cpu") if arguments.tiny else (DREAM_7B, "cuda")
    script = Script(shape, torch.device(device), arguments.head)
    for case in arguments.cases:
        try:
            measure(case, script, shape, arguments)
        except Exception as error:  # one case that fails must not end the others
            print(json.dumps({"case": case, "error": f"{type(error).__name__}: {error}"[:600]}))
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
