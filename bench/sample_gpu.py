"""Tokens per second of decoding on Dream 7B's shape (random weights, drawn on the card).

Prompts of 512 tokens, 256 new ones, bf16, no stop at the end. Two baselines in the same process:
`official` does at every step what diffusion_generate of the published generation_utils.py does
(whole row, logits of every position, shift, entropy of the masked ones) with our network; `none`
is our own uncached sampler. With --published FOLDER (gpu/published.py) the published code itself is
the baseline. A step of theirs costs the same whatever it reveals: eight are timed, 256 reckoned.

    PYTHONPATH=trainer python bench/sample_gpu.py [--only kernels official …] [--tiny]
        [--published FOLDER] [--fused both]

One JSON line a case; `times` is over the best official batch up to 32, `timesPublished` over the
best of the published code. Threshold decoding is not
timed: on random weights its speed means nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent / "gpu"))
from dream_sft.model.used_lengths import KERNELS, UsedLengths, attend_used
from dream_sft.sampling.cached_model import captured
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.engine import Request, Sampler
from published import seconds_a_step
from random_dream import DREAM_7B, TINY, random_dream

BEGUN = time.monotonic()
STEPS_TIMED = 8
# (batch, block, policy, tokens a step, what the probe found: times the official sampler)
CASES = [
    (32, 32, "per_block", 1, 15),
    (32, 32, "per_block", 4, 28),
    (32, 32, "commit_pass", 1, 23),
    (32, 32, "commit_pass", 4, 84),
    (32, 16, "commit_pass", 4, None),
    (1, 32, "per_block", 1, 2.8),
    (1, 32, "per_block", 4, 9.3),
    (1, 32, "commit_pass", 4, None),
]


def say(**line: Any) -> None:
    print(json.dumps({"at": round(time.monotonic() - BEGUN, 1), **line}), flush=True)


class Bench:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.tiny = arguments.tiny
        self.device = torch.device("cpu" if arguments.tiny else "cuda")
        self.prompt, self.new = (24, 64) if arguments.tiny else (512, 256)
        config = TINY if arguments.tiny else DREAM_7B
        dtype = torch.float32 if arguments.tiny else torch.bfloat16
        self.kernel_name, self.folder = arguments.kernel, arguments.published
        self.fused = {"no": [False], "yes": [True], "both": [False, True]}[arguments.fused]
        self.compiled = not (arguments.tiny or arguments.eager)
        self.model = random_dream(config, self.device, dtype).eval()
        random = np.random.default_rng(0)
        low = config.vocab_size - 8
        self.prompts = random.integers(0, low, (64, self.prompt)).tolist()
        self.official = self.published = 0.0

    def synchronize(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def seconds(self, action: Callable[[], object]) -> float:
        self.synchronize()
        begun = time.perf_counter()
        action()
        self.synchronize()
        return time.perf_counter() - begun

    @torch.no_grad()
    def official_step(self, ids_BL: torch.Tensor, reveal: int) -> None:
        """One step of diffusion_generate, alg entropy, temperature 0, for equal rows."""
        mask = self.model.config.mask_token_id
        logits_BLV = self.model(ids_BL)
        logits_BLV = torch.cat((logits_BLV[:, :1], logits_BLV[:, :-1]), dim=1)
        masked_BL = ids_BL == mask
        probs_NV = logits_BLV[masked_BL].softmax(dim=-1)
        del logits_BLV
        _best_N, token_N = probs_NV.max(dim=-1)
        confidence_N = (probs_NV * (probs_NV + 1e-10).log()).sum(dim=-1)
        confidence_BL = torch.full(ids_BL.shape, -torch.inf, device=ids_BL.device)
        confidence_BL[masked_BL] = confidence_N.float()
        token_BL = torch.zeros_like(ids_BL)
        token_BL[masked_BL] = token_N
        chosen_BR = confidence_BL.topk(reveal, dim=1).indices
        ids_BL.scatter_(1, chosen_BR, token_BL.gather(1, chosen_BR))

    def run_official(self) -> None:
        for batch in (1, 8, 32):
            ids_BL = torch.tensor(
                [p + [self.model.config.mask_token_id] * self.new for p in self.prompts[:batch]],
                device=self.device,
            )
            self.official_step(ids_BL, 1)
            again = partial(self.official_step, ids_BL, 1)
            times = [self.seconds(again) for _ in range(4)]
            step = statistics.median(times)
            speed = batch / step
            self.official = max(self.official, speed)
            say(case="official", batch=batch, msPerStep=round(step * 1e3, 1), speed=round(speed, 1))

    def run_published(self) -> None:
        for batch, step in seconds_a_step(
            self.folder, self.model, self.prompts, self.new, self.seconds
        ):
            self.published = max(self.published, batch / step)
            say(
                case="published",
                batch=batch,
                msPerStep=round(step * 1e3, 1),
                speed=round(batch / step, 1),
            )

    def decode(self, sampler: Sampler, batch: int) -> float:
        requests = [Request(p, n) for n, p in enumerate(self.prompts[:batch])]
        return self.seconds(lambda: list(sampler.decode(requests)))

    def sampler(self, batch: int, fused: bool = False, **changes: Any) -> Sampler:
        base = {"max_new_tokens": self.new, "stop_at_end": False}
        config = SamplingConfig(**{**base, **changes})
        options = {"compiled": self.compiled, "fused": fused}
        sampler = Sampler(self.model, config, slots=batch, **options)
        sampler.model.kernel = self.kernel_name or sampler.model.kernel
        return sampler

    def run_uncached(self) -> None:
        each = self.new // STEPS_TIMED
        for batch in (1, 32):
            whole = {"cache": "none", "block_length": None, "reveal": "official"}
            sampler = self.sampler(batch, tokens_per_step=each, **whole)
            self.decode(sampler, batch)
            step = self.decode(sampler, batch) / STEPS_TIMED
            self.result("none", batch, step * self.new, sampler, extra={"block": None})

    def run_cached(self) -> None:
        for (batch, block, policy, tokens, probe), fused in product(CASES, self.fused):
            settings = {"cache": policy, "block_length": block, "tokens_per_step": tokens}
            sampler = self.sampler(batch, fused, **settings)
            first = self.decode(sampler, batch)
            sampler.passes.update(full=0, window=0, commit=0)
            seconds = self.decode(sampler, batch)
            extra = {"block": block, "tokensPerStep": tokens, "probe": probe, "fused": fused}
            extra["first"] = round(first, 1)
            self.result(policy, batch, seconds, sampler, extra=extra)
            del sampler
            gc.collect()

    def result(
        self,
        policy: str,
        batch: int,
        seconds: float,
        sampler: Sampler,
        extra: dict[str, Any],
    ) -> None:
        speed = batch * self.new / seconds
        over = {"times": self.official, "timesPublished": self.published}
        ratios = {key: round(speed / base, 2) for key, base in over.items() if base}
        peak = torch.cuda.max_memory_allocated() / 2**30 if self.device.type == "cuda" else 0
        say(
            case=policy,
            batch=batch,
            **extra,
            speed=round(speed, 1),
            **ratios,
            seconds=round(seconds, 2),
            passes={} if policy == "none" else sampler.passes,
            peakGiB=round(peak, 1),
        )

    def run_kernels(self) -> None:
        """The attention of a window and of a whole row, by kernel: the choice is measured."""
        config, dtype = self.model.config, self.model.lm_head.weight.dtype
        heads, groups, width = config.num_attention_heads, config.num_key_value_heads, 128
        context = self.prompt + self.new
        names = [name + how for name in KERNELS for how in ("", "-folded")]
        for rows, queries in ((32, 33), (1, 33), (32, 17), (1, context)):
            q = torch.randn(rows, queries, heads, width, device=self.device, dtype=dtype)
            k, v = torch.randn(2, rows, context, groups, width, device=self.device, dtype=dtype)
            used = torch.full((rows,), context - 5, device=self.device, dtype=torch.int32)
            lengths = UsedLengths(used, context)
            wanted = attend_used(q.float(), k.float(), v.float(), lengths, "sdpa-folded")
            for name in names if self.device.type == "cuda" else ("sdpa-folded",):
                self.kernel(name, (q, k, v), lengths, wanted)

    def kernel(
        self,
        name: str,
        qkv: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        lengths: UsedLengths,
        wanted: torch.Tensor,
    ) -> None:
        """Microseconds of one call out of 20 in a CUDA graph: launches do not count."""

        def calls(*inputs: torch.Tensor) -> torch.Tensor:
            for _ in range(20):
                made = attend_used(*inputs, lengths, name)
            return made

        try:
            run = captured(calls, *qkv) if self.device.type == "cuda" else calls
            difference = float((run(*qkv).float() - wanted).abs().max())
        except Exception as error:  # a torch without it
            say(kernel=name, error=f"{type(error).__name__}: {str(error)[:200]}")
            return
        q = qkv[0]
        us = statistics.median(self.seconds(lambda: run(*qkv)) for _ in range(5)) / 20 * 1e6
        say(
            kernel=name,
            rows=q.shape[0],
            queries=q.shape[1],
            us=round(us, 1),
            difference=difference,
        )

    def run_profile(self) -> None:
        """Where a window of 32 rows spends its time, by kernel."""
        sampler = self.sampler(32, cache="commit_pass", tokens_per_step=32)
        sampler.model.graphs = False
        self.decode(sampler, 32)
        cached, context = sampler.model, self.prompt + self.new
        ids = torch.zeros(32, 33, dtype=torch.int64, device=self.device)
        start = torch.full((32,), self.prompt - 1, device=self.device)
        used = torch.full((32,), context, device=self.device, dtype=torch.int32)
        read = torch.arange(4, device=self.device).expand(32, -1)
        kinds = [torch.profiler.ProfilerActivity.CUDA]
        with torch.no_grad(), torch.profiler.profile(activities=kinds) as profiler:
            cached.window(ids, start, used, read)
            self.synchronize()
        times = [(e.self_device_time_total, e.count, e.key) for e in profiler.key_averages()]
        say(case="profile", ms=round(sum(t for t, _, _ in times) / 1e3, 2))
        for us, count, name in sorted(times, reverse=True)[:14]:
            say(ms=round(us / 1e3, 2), calls=count, kernel=name[:90])

    def run_invariance(self) -> None:
        """Rows against other neighbours, slots and order; then at another batch size."""
        new = 64
        block = min(32, new)
        order = np.random.default_rng(1).permutation(40)

        def tokens(batch: int, numbers: list[int]) -> dict[int, list[int]]:
            sampler = self.sampler(batch, max_new_tokens=new, block_length=block, tokens_per_step=4)
            asked = [Request(self.prompts[n][: 40 + n], n) for n in numbers]
            return {numbers[a.index]: a.tokens.tolist() for a in sampler.decode(asked)}

        straight = tokens(32, list(range(40)))
        mixed = tokens(32, order.tolist())
        alone = tokens(32, [7])
        other = tokens(8, list(range(40)))
        pairs = [(a, b) for n in straight for a, b in zip(straight[n], other[n], strict=True)]
        say(
            case="invariance",
            sameInAnotherOrder=straight == mixed,
            sameAlone=straight[7] == alone[7],
            rowsThatDifferAtBatch8=sum(straight[n] != other[n] for n in straight),
            firstTokensThatDifferAtBatch8=sum(straight[n][0] != other[n][0] for n in straight),
            tokensThatDifferAtBatch8=round(float(np.mean([a != b for a, b in pairs])), 4),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parts = ("kernels", "official", "published", "uncached", "cached", "invariance")
    parser.add_argument("--only", nargs="+", choices=(*parts, "profile"), default=parts)
    parser.add_argument("--kernel", help="attention kernel instead of the chosen one")
    parser.add_argument("--fused", choices=("no", "yes", "both"), default="no")
    parser.add_argument("--published", type=Path, help="folder with the published *.py")
    parser.add_argument("--eager", action="store_true", help="no torch.compile")
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    card = "cpu" if arguments.tiny else torch.cuda.get_device_name()
    say(torch=torch.__version__, card=card)
    bench = Bench(arguments)
    for part in arguments.only:
        try:
            getattr(bench, f"run_{part}")()
        except Exception as error:  # one part that fails must not end the others
            say(case=part, error=f"{type(error).__name__}: {str(error)[:900]}")
        gc.collect()


if __name__ == "__main__":
    main()
