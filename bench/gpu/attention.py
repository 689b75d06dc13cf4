"""Which attention kernel is fastest for packed rows, by document length.

Prints one JSON line a (row, kernel): median milliseconds of forward and forward + backward
for 28/4 heads of 128, the largest difference to float32 attention of the first document, and what
the first call took (plans, compilation): over mixed rows, what new lengths go on costing.

    PYTHONPATH=trainer python bench/gpu/attention.py [--tokens 8192] [--mixed 4]
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import time

import torch

from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.packed_attention import KERNELS, attend_packed, choose_kernel

HEADS, KV_HEADS, WIDTH = 28, 4, 128


def milliseconds(action, repeats: int = 12) -> float:
    for _ in range(3):
        action()
    times = []
    for _ in range(repeats):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        action()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end))
    return statistics.median(times)


def reference(q, k, v, length: int):
    q, k, v = (x[:length].float().transpose(0, 1) for x in (q, k, v))
    k, v = (x.repeat_interleave(HEADS // KV_HEADS, dim=0) for x in (k, v))
    weights = torch.softmax(q @ k.transpose(1, 2) / WIDTH**0.5, dim=-1)
    return (weights @ v).transpose(0, 1)


def measure(kernel: str, lengths: list[int]) -> dict[str, float | str]:
    total = sum(lengths)
    draw = torch.Generator("cuda").manual_seed(0)
    shapes = [(total, HEADS, WIDTH), (total, KV_HEADS, WIDTH), (total, KV_HEADS, WIDTH)]
    q, k, v = (
        torch.randn(s, device="cuda", dtype=torch.bfloat16, generator=draw).requires_grad_()
        for s in shapes
    )
    grad = torch.randn(shapes[0], device="cuda", dtype=torch.bfloat16, generator=draw)
    bounds = DocumentBounds.of(lengths, "cuda")

    def forward():
        return attend_packed(q, k, v, bounds, kernel)

    def both():
        forward().backward(grad)

    begun = time.monotonic()
    both()
    torch.cuda.synchronize()
    first_call = time.monotonic() - begun
    ours = forward().detach()[: lengths[0]].float()
    wanted = reference(q.detach(), k.detach(), v.detach(), lengths[0])
    for x in (q, k, v):
        x.grad = None
    both()
    gradients = [x.grad.clone() for x in (q, k, v)]
    q32, k32, v32 = (x.detach().float().requires_grad_() for x in (q, k, v))
    reference(q32, k32, v32, lengths[0]).backward(grad[: lengths[0]].float())
    first = slice(0, lengths[0])
    return {
        "firstCallMs": round(first_call * 1e3, 1),
        "forward": round(milliseconds(forward), 3),
        "both": round(milliseconds(both), 3),
        "difference": float((ours - wanted).abs().max()),
        "gradientDifference": max(
            float((ours - wanted.grad)[first].abs().max())
            for ours, wanted in zip(gradients, (q32, k32, v32), strict=True)
        ),
    }


def equal_row(length: int, tokens: int) -> list[int]:
    count = tokens // length
    rest = tokens - length * count
    return [length] * count + [rest] * (rest > 0)


def mixed_row(seed: int, tokens: int) -> list[int]:
    """Lengths as of real documents, log-uniform from 300 to 4100; the longest first, for it is
    compared; the rest of the row last, as padding is."""
    draw, lengths = random.Random(seed), []
    while sum(lengths) < tokens - 300:
        length = round(math.exp(draw.uniform(math.log(300), math.log(4100))))
        lengths.append(min(length, tokens - sum(lengths)))
    longest = lengths.index(max(lengths))
    lengths[0], lengths[longest] = lengths[longest], lengths[0]
    rest = tokens - sum(lengths)
    return lengths + [rest] * (rest > 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=8192)
    parser.add_argument("--lengths", type=int, nargs="*", default=[256, 744, 2048, 4096, 8192])
    parser.add_argument("--kernels", nargs="+", default=sorted(KERNELS))
    parser.add_argument("--mixed", type=int, default=0, metavar="ROWS", help="rows of many lengths")
    arguments = parser.parse_args()
    print(json.dumps({"torch": torch.__version__, "card": torch.cuda.get_device_name()}))
    rows = [equal_row(length, arguments.tokens) for length in arguments.lengths]
    rows += [mixed_row(seed, arguments.tokens) for seed in range(arguments.mixed)]
    for lengths in rows:
        for kernel in arguments.kernels:
            line = {"documents": lengths, "kernel": kernel}
            try:
                choose_kernel(kernel, torch.device("cuda"), torch.bfloat16)
                line |= measure(kernel, lengths)
            except Exception as error:  # one kernel that cannot run must not end the others
                line["error"] = str(error)[:300]
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
