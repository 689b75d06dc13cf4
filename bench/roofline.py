"""The least time that each part of a training step can take on a card, and what it took.

    PYTHONPATH=trainer python bench/roofline.py fused:2048                       # arithmetic alone
    PYTHONPATH=trainer python bench/roofline.py fused:2048 --profile lines.json  # and measured

`lines.json`: what `bench/train_gpu.py CASE --profile` printed. One JSON line a part, milliseconds
of a step: `least` = work ÷ the card's peak, `kernels` = what its kernels took, and `lost` = that
part of the step (in percent) which lies between the two. Matrix products count what is computed
again, since the card does; MFU does not.

Work of a step, for T tokens in documents of L, N weights of the layers' matrices, D hidden width,
V vocabulary, M masked positions (half of the responses):
- layers: 2 N T forward and for what is computed again, 2 N T for inputs, in full 2 N T for weights;
- attention: 4 L^2 D a layer and document forward (again where computed again), 8 backward;
- head: 2 D V M forward, as much for its input, in full as much for its weights;
- optimizer: 20 bytes a weight with an exact master and bf16 moments (weight, remainder and moments
  read and written, gradient read), 28 with float32 weights and moments;
- sums: a micro-batch's gradients read (2 bytes a weight), float32 sums written, and read but once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "gpu")]
from dream_sft.train.flops import PEAK_FLOPS, matmul_parameters  # noqa: E402
from random_dream import DREAM_7B  # noqa: E402

# Bytes a second of memory, by data sheet.
BANDWIDTH = {"H100": 3.35e12, "H200": 4.8e12, "A100": 2.04e12}
# Of documents as bench/train_gpu.py makes them: a quarter is prompt, and 32 end tokens in the mean
# follow the first.
PROMPT, TAIL = 0.25, 32
PARTS = ("products", "attention", "optimizer", "sums", "elementwise", "copies to and from the host")
# In this order: the first that fits names a kernel's part.
KERNELS = {
    "attention": ("sdpa", "flash", "fmha", "compute_dot_do_o"),
    "products": ("nvjet", "gemm", "cutlass", "scaled_mm", "splitk"),
    "copies to and from the host": ("Memcpy HtoD", "Memcpy DtoH"),
    "optimizer": ("rshift", "adam", "NormTwoOps"),
    "sums": ("triton_poi_fused_add_copy", "direct_copy_kernel"),
}


@dataclass(frozen=True)
class Case:
    """A case of bench/train_gpu.py: what trains, documents of how many tokens, how many a step."""

    storage: str
    length: int
    documents: int
    again: float
    rank: int
    micro_batches: int

    @property
    def full(self) -> bool:
        return self.storage in ("kept", "fused")

    @property
    def tokens(self) -> float:
        return self.documents * (self.length + TAIL)


def least_ms(case: Case, card: str) -> dict[str, float]:
    """By part; parts that are no work in themselves are absent."""
    peak, bandwidth = PEAK_FLOPS[card], BANDWIDTH[card]
    config = DREAM_7B
    head = config.hidden_size * config.vocab_size
    layers = matmul_parameters(config) - head
    wide = 2.0 if case.storage == "fp8" else 1.0  # fp8 products are twice as fast
    masked = case.documents * (case.length * (1 - PROMPT) + TAIL) / 2
    seconds = {
        "products": (4 + 2 * case.full + 2 * case.again) * layers * case.tokens / (peak * wide)
        + (4 + 2 * case.full) * head * masked / peak,
        "attention": (12 + 4 * case.again)
        * config.num_hidden_layers
        * config.hidden_size
        * case.documents
        * (case.length + TAIL) ** 2
        / peak,
        "optimizer": 20 * (layers + 2 * head) / bandwidth,
        "sums": (6 + 10 * (case.micro_batches - 1)) * layers / bandwidth,
    }
    if not case.full:
        trained = lora_weights(case.rank)
        seconds["products"] += 6 * trained * case.tokens / peak
        seconds["optimizer"] = 28 * trained / bandwidth
        del seconds["sums"]
    return {part: value * 1e3 for part, value in seconds.items()}


def lora_weights(rank: int) -> int:
    """Of factors on all seven projections (40.4 M at rank 16)."""
    config = DREAM_7B
    width, wide = config.hidden_size, config.intermediate_size
    narrow = config.num_key_value_heads * config.head_dim
    sides = 2 * (width + width) + 2 * (width + narrow) + 3 * (width + wide)
    return config.num_hidden_layers * rank * sides


def kernels_ms(lines: Iterable[dict[str, Any]]) -> tuple[dict[str, float], float, float]:
    """Milliseconds by part (what the profile lists), of the whole step, and of it idle."""
    found = dict.fromkeys(PARTS, 0.0)
    span = idle = 0.0
    for line in lines:
        if "kernel" in line and "ms" in line:
            found[part_of(line["kernel"])] += line["ms"]
        if "spanMs" in line:
            span, idle = line["spanMs"], line["idleMs"]
        if "profiledMs" in line:
            found["not listed"] = line["profiledMs"]
    if span == 0.0:
        raise SystemExit("no profile in this file: run bench/train_gpu.py with --profile")
    found["not listed"] -= sum(ms for part, ms in found.items() if part != "not listed")
    return found, span, idle


def part_of(kernel: str) -> str:
    named = (part for part, words in KERNELS.items() if any(word in kernel for word in words))
    return next(named, "elementwise")


def report(case: Case, card: str, profile: Path | None) -> Iterable[dict[str, Any]]:
    least = least_ms(case, card)
    if profile is None:
        yield from ({"part": part, "leastMs": round(ms, 1)} for part, ms in least.items())
        yield {"part": "step", "leastMs": round(sum(least.values()), 1)}
        return
    lines = (json.loads(line) for line in profile.read_text().splitlines() if line[:1] == "{")
    kernels, span, idle = kernels_ms(lines)
    for part, ms in kernels.items():
        line = {"part": part, "leastMs": round(least.get(part, 0.0), 1), "kernelsMs": round(ms, 1)}
        lost = (ms - least.get(part, 0.0)) / span
        # Copies run beside the products.
        yield line if part.startswith("copies") else {**line, "lostPercent": round(100 * lost, 1)}
    yield {"part": "idle", "kernelsMs": idle, "lostPercent": round(100 * idle / span, 1)}
    total = sum(least.values())
    yield {"part": "step", "leastMs": round(total, 1), "kernelsMs": span, "of": total / span}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("case", metavar="STORAGE:LENGTH", help="fp8, bf16, int8, kept or fused")
    parser.add_argument("--documents", type=int, default=16, help="a step")
    parser.add_argument("--again", type=float, help="share of the layers computed again")
    parser.add_argument("--micro-batches", type=int, default=2, help="of full fine-tuning, a step")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--card", choices=sorted(BANDWIDTH), default="H200")
    parser.add_argument("--profile", type=Path)
    arguments = parser.parse_args()
    storage, length = arguments.case.split(":")
    again = arguments.again if arguments.again is not None else float(storage == "fused")
    case = Case(
        storage, int(length), arguments.documents, again, arguments.rank, arguments.micro_batches
    )
    for line in report(case, arguments.card, arguments.profile):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
