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
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Everything is drawn here; a hub that does not answer must not delay it.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import peft
import torch
import transformers
from torch import Tensor

PEAK_FLOPS = 989e12
MATMUL_PARAMETERS = 7.071e9
DOCUMENTS, PER_STEP = 128, 16
MICRO_BATCHES = (1, 2, 3, 4, 6, 8, 12, 16)
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
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass
class Rows:
    """One padded micro-batch. ids, masked [B, L]; weight [B]: 1/t; mask [B, 1, L, L] or None."""

    ids: Tensor
    noised: Tensor
    masked: Tensor
    weight: Tensor
    mask: Tensor | None
    document_tokens: int


class Script:
    """The model, its optimizer, and steps of a global batch in micro-batches."""

    def __init__(self, shape: dict[str, Any], device: torch.device, head: str) -> None:
        self.device, self.head, self.mask_id = device, head, shape["vocab_size"] - 1
        config = transformers.Qwen2Config(**shape)
        with torch.device(device):
            torch.manual_seed(0)
            model = transformers.AutoModelForCausalLM.from_config(
                config, dtype=torch.bfloat16, attn_implementation="sdpa"
            )
        for layer in model.model.layers:
            layer.self_attn.is_causal = False
        lora = peft.LoraConfig(r=16, lora_alpha=32, target_modules=MODULES, task_type="CAUSAL_LM")
        self.model: Any = peft.get_peft_model(model, lora)
        self.model.enable_input_require_grads()
        self.model.train()
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=5e-5, fused=device.type == "cuda")

    def checkpointing(self, on: bool) -> None:
        if on:
            self.model.gradient_checkpointing_enable({"use_reentrant": False})
        else:
            self.model.gradient_checkpointing_disable()

    def rows(self, documents: list[np.ndarray[Any, Any]], draw: np.random.Generator) -> Rows:
        """Pad, and mask each response token with its document's own t."""
        longest, count = max(len(ids) for ids in documents), len(documents)
        ids_BL = np.full((count, longest), self.mask_id - 1, np.int64)
        keep_BL = np.zeros((count, longest), np.bool_)
        response_BL = np.zeros((count, longest), np.bool_)
        for row, ids in enumerate(documents):
            ids_BL[row, : len(ids)] = ids
            keep_BL[row, : len(ids)] = True
            response_BL[row, len(ids) // 4 : len(ids)] = True
        t_B = draw.uniform(1e-3, 1.0, count)
        masked_BL = response_BL & (draw.random((count, longest)) < t_B[:, None])
        noised_BL = np.where(masked_BL, self.mask_id, ids_BL)
        mask = None
        if not keep_BL.all():
            whole = np.broadcast_to(keep_BL[:, None, None, :], (count, 1, longest, longest))
            mask = torch.from_numpy(whole.copy()).to(self.device)
        return Rows(
            *(torch.from_numpy(array).to(self.device) for array in (ids_BL, noised_BL, masked_BL)),
            torch.from_numpy((1.0 / t_B).astype(np.float32)).to(self.device),
            mask,
            int(keep_BL.sum()),
        )

    def loss(self, rows: Rows) -> Tensor:
        """The sum over masked positions; the token at i is predicted from position i - 1."""
        masked_BL = rows.masked[:, 1:]
        with torch.autocast(self.device.type, torch.bfloat16):
            # A mapping is taken as it is: a plain None would become a causal mask where needed.
            given = {"attention_mask": {"full_attention": rows.mask}}
            if self.head == "masked":
                hidden_BLD = self.model.base_model.model.model(rows.noised, **given)[0]
                logits_MV = self.model.base_model.model.lm_head(hidden_BLD[:, :-1][masked_BL])
            else:
                logits_BLV = self.model(input_ids=rows.noised, **given).logits
                logits_MV = logits_BLV[:, :-1][masked_BL]
        nll_M = torch.nn.functional.cross_entropy(
            logits_MV.float(), rows.ids[:, 1:][masked_BL], reduction="none"
        )
        return (nll_M * rows.weight[:, None].expand_as(masked_BL)[masked_BL]).sum()

    def backward(self, micro_batches: list[Rows]) -> None:
        masked = sum(int(rows.masked.sum()) for rows in micro_batches)
        for rows in micro_batches:
            (self.loss(rows) / max(masked, 1)).backward()

    def step(self, micro_batches: list[Rows]) -> None:
        self.backward(micro_batches)
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def documents_of(lengths: list[int], vocabulary: int) -> list[np.ndarray[Any, Any]]:
    """128 documents of `lengths` in turn, their first end token included."""
    draw = np.random.default_rng(0)
    return [
        draw.integers(0, vocabulary - 8, lengths[number % len(lengths)])
        for number in range(DOCUMENTS)
    ]


def steps_of(
    documents: list[np.ndarray[Any, Any]], micro_batch: int, grouped: bool
) -> Iterator[list[list[np.ndarray[Any, Any]]]]:
    """Micro-batches of at least 16 documents a step, for ever.

    `grouped`: documents of like length share a micro-batch, wherever they stand in the epoch; as
    the Trainer's `group_by_length` does for an epoch this short, but with shuffled micro-batches,
    so that 20 steps are like any others.
    """
    draw = np.random.default_rng(1)
    while True:
        order = [documents[number] for number in draw.permutation(len(documents))]
        if grouped:
            order.sort(key=len)
        parts = [order[at : at + micro_batch] for at in range(0, len(order), micro_batch)]
        step: list[list[np.ndarray[Any, Any]]] = []
        for number in draw.permutation(len(parts)):
            step.append(parts[number])
            if sum(len(part) for part in step) >= PER_STEP:
                yield step
                step = []


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds_per_token(script: Script, longest: list[np.ndarray[Any, Any]]) -> float | None:
    """Of one micro-batch of these documents, after one to warm up; None: does not fit."""
    draw = np.random.default_rng(2)
    try:
        for warm in (True, False):
            begun = time.monotonic()
            script.backward([script.rows(longest, draw)])
            script.optimizer.zero_grad(set_to_none=True)
            synchronise(script.device)
            if not warm:
                return (time.monotonic() - begun) / sum(len(ids) for ids in longest)
    except torch.OutOfMemoryError:
        pass
    # Outside the handler: the error holds on to the tensors of the failed pass.
    script.optimizer.zero_grad(set_to_none=True)
    gc.collect()
    torch.cuda.empty_cache()
    return None


def best_micro_batch(
    script: Script, documents: list[np.ndarray[Any, Any]]
) -> tuple[int, dict[int, float | None]]:
    """The fastest micro-batch of the longest documents, and milliseconds a token of each tried."""
    ordered = sorted(documents, key=len, reverse=True)
    tried: dict[int, float | None] = {}
    for size in MICRO_BATCHES:
        found = seconds_per_token(script, ordered[:size])
        tried[size] = None if found is None else round(found * 1e3, 4)
        if found is None:
            break
    fitting = {size: took for size, took in tried.items() if took is not None}
    if not fitting:
        raise RuntimeError("not even one document fits without gradient checkpointing")
    return min(fitting, key=lambda size: fitting[size]), tried


def measure(case: str, script: Script, shape: dict[str, Any], limits: argparse.Namespace) -> None:
    kind, lengths_text = case.split(":")
    if kind not in ("written", "tuned"):
        raise ValueError(f"{kind} is no kind of script; take written or tuned")
    documents = documents_of([int(one) for one in lengths_text.split("+")], shape["vocab_size"])
    script.checkpointing(kind == "written")
    micro_batch, tried = limits.micro_batch, None
    if kind == "tuned":
        micro_batch, tried = best_micro_batch(script, documents)
    batches, draw = (
        steps_of(documents, micro_batch, kind == "tuned"),
        np.random.default_rng(3),
    )
    script.step([script.rows(part, draw) for part in next(batches)])
    synchronise(script.device)
    on_gpu = script.device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    tokens = steps = computed = 0
    begun = time.monotonic()
    while steps < limits.steps and time.monotonic() - begun < limits.seconds:
        micro_batches = [script.rows(part, draw) for part in next(batches)]
        script.step(micro_batches)
        synchronise(script.device)
        tokens += sum(rows.document_tokens for rows in micro_batches)
        computed += sum(rows.ids.numel() for rows in micro_batches)
        steps += 1
    seconds = time.monotonic() - begun
    squares = sum(len(ids) ** 2 for ids in documents) / sum(len(ids) for ids in documents)
    layers, width = shape["num_hidden_layers"], shape["hidden_size"]
    flops = 4 * MATMUL_PARAMETERS + 4 * 2 * squares * layers * width
    line = {
        "case": case,
        "documentTokensPerSecond": round(tokens / seconds, 1),
        "mfu": round(tokens / seconds * flops / PEAK_FLOPS, 3) if on_gpu else None,
        "steps": steps,
        "seconds": round(seconds, 2),
        "microBatch": micro_batch,
        "millisecondsPerTokenTried": tried,
        "head": script.head,
        "padding": round(1 - tokens / computed, 4),
        "peakGiB": round(torch.cuda.max_memory_allocated() / 2**30, 1) if on_gpu else None,
        "card": torch.cuda.get_device_name() if on_gpu else "cpu",
        "versions": [torch.__version__, transformers.__version__, peft.__version__],
    }
    print(json.dumps(line), flush=True)


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
