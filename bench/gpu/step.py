"""Where the time of a training step goes: one packed row through the real layers.

    PYTHONPATH=trainer python bench/gpu/step.py --base fp8 --documents 2048 [--profile]
"""

from __future__ import annotations

import argparse
import json
import time

import torch

from dream_sft.adapters.lora import add_lora, trainable
from dream_sft.diffusion.frozen_head import frozen_head_loss, nll_and_gradient
from dream_sft.frozen.storage import freeze
from dream_sft.model.config import DreamConfig
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.network import Dream
from dream_sft.model.packed_attention import choose_kernel
from dream_sft.train.compilation import compile_layers
from dream_sft.train.recompute import recompute_layers

DREAM_7B = DreamConfig.from_dict(
    {
        "vocab_size": 152064,
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1e6,
        "max_position_embeddings": 131072,
        "mask_token_id": 151666,
        "pad_token_id": 151643,
        "eos_token_id": 151643,
        "bos_token_id": 151643,
        "initializer_range": 0.02,
    }
)


def random_dream(config: DreamConfig) -> Dream:
    """Random bf16 weights, drawn on the card."""
    with torch.device("meta"):
        model = Dream(config)
    model = model.to(torch.bfloat16).to_empty(device="cuda")
    draw = torch.Generator("cuda").manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("norm.weight"):
                weight.fill_(1.0)
            else:
                weight.normal_(0, 0.02, generator=draw)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="fp8")
    parser.add_argument("--documents", type=int, default=2048)
    parser.add_argument("--tokens", type=int, default=8192)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--attention", default="auto")
    parser.add_argument("--recompute", type=float, default=0.0)
    parser.add_argument("--chunk", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--profile", action="store_true")
    a = parser.parse_args()
    device = torch.device("cuda")
    model = random_dream(DREAM_7B)
    freeze(model, a.base, device)
    modules = "q_proj k_proj v_proj o_proj gate_proj up_proj down_proj".split()
    add_lora(model, {"rank": a.rank, "alpha": 2 * a.rank, "modules": modules}, 42)
    model.packed_kernel = choose_kernel(a.attention, device, torch.bfloat16)
    compile_layers(model)
    recompute_layers(model, a.recompute)
    factors = list(trainable(model).values())
    optimizer = torch.optim.AdamW(factors, lr=1e-4, fused=True)
    step_of_loss = torch.compile(nll_and_gradient, dynamic=True)
    count = a.tokens // a.documents
    lengths = [a.documents] * count + ([a.tokens - a.documents * count] if a.tokens % a.documents else [])
    torch.cuda.reset_peak_memory_stats()

    def step() -> None:
        ids = torch.randint(0, 151000, (1, a.tokens), device=device)
        bounds = DocumentBounds.of(lengths, device)
        hidden = model.hidden(ids, bounds=bounds)
        rows = torch.arange(0, a.tokens, 2, device=device)
        loss, _ = frozen_head_loss(
            hidden[0].index_select(0, rows),
            model.lm_head.weight,
            ids[0, rows],
            torch.ones(len(rows), device=device),
            chunk=a.chunk,
            step=step_of_loss,
        )
        (loss / len(rows)).backward()
        torch.nn.utils.clip_grad_norm_(factors, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    begun = time.monotonic()
    for _ in range(3):
        step()
    torch.cuda.synchronize()
    warm = time.monotonic() - begun
    begun = time.monotonic()
    for _ in range(a.steps):
        step()
    torch.cuda.synchronize()
    seconds = (time.monotonic() - begun) / a.steps
    print(
        json.dumps(
            {
                **vars(a),
                "kernel": model.packed_kernel,
                "warmSeconds": round(warm, 1),
                "msPerStep": round(seconds * 1e3, 1),
                "tokensPerSecond": round(a.tokens / seconds),
                "peakGiB": round(torch.cuda.max_memory_allocated() / 2**30, 1),
            }
        ),
        flush=True,
    )
    if a.profile:
        activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
        with torch.profiler.profile(activities=activities) as profiler:
            step()
            torch.cuda.synchronize()
        print(profiler.key_averages().table(sort_by="self_cuda_time_total", row_limit=28, max_name_column_width=90))


if __name__ == "__main__":
    main()
