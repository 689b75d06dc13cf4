"""Several cards of one host on Dream 7B's shape (random weights): speed, memory, order.

    PYTHONPATH=trainer python bench/ranks_gpu.py lora:2048 full:2048 --ranks 2 --steps 10

A case is METHOD:LENGTH[:OPTION=VALUE...]; lora: fp8 base, a whole copy a card, gradients summed;
full: float32 weights and moments spread over the cards by FSDP2, computing in bf16. Options set
keys of `training` (JSON values); `--ranks 1` measures one card by the same script (full does not
fit one: 85 GiB without activations). Steps are those of the real loop. JSON lines: one a case with
document tokens a second over all cards, and one a rank with its peak memory. `--checkpoint` takes
one half-way and says how long training waited. `--tiny` tries it on a CPU with gloo.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent / "gpu"))
from dream_sft.data.dataset import load_dataset
from dream_sft.io.rank_process import RankProcess, agent_command, rank_environment
from dream_sft.io.spec import load_spec
from dream_sft.model.network import Dream
from dream_sft.train.assemble import assemble
from dream_sft.train.loop import train
from dream_sft.train.methods.lora import LoraFineTuning
from dream_sft.train.methods.method import Method
from dream_sft.train.methods.open import prepare
from dream_sft.train.methods.plain import PlainFineTuning
from dream_sft.train.methods.sharded import ShardedFineTuning
from dream_sft.train.ranks import Ranks, open_ranks
from dream_sft.train.sharding import spread
from random_dream import DREAM_7B, TINY, draw, random_dream
from train_gpu import lengths_of, say, write_documents, write_spec

COMMON = {"documentsPerStep": 16, "tokensPerMicroBatch": 8448, "precision": "bf16", "compile": True}
METHODS: dict[str, dict[str, Any]] = {
    "lora": {"method": "lora", "lora": {"rank": 16, "alpha": 32}, "basePrecision": "fp8"},
    "full": {"method": "full", "learningRate": 2e-6, "activationCheckpointing": "all"},
}


def write_case(folder: Path, case: str, arguments: argparse.Namespace) -> Path:
    name, length, *options = case.split(":")
    changes = {key: json.loads(value) for key, value in (o.split("=", 1) for o in options)}
    (folder / "base").mkdir()
    write_documents(folder / "dataset", lengths_of(length), TINY if arguments.tiny else DREAM_7B)
    training = {**COMMON, **METHODS[name], "worldSize": arguments.ranks, **changes}
    return write_spec(folder, training, arguments, "cpu" if arguments.tiny else "cuda")


def build(spec: dict[str, Any], config: Any, device: torch.device, ranks: Ranks) -> Method:
    training, base = spec["training"], Path(spec["base"])
    method: Method
    if training["method"] == "lora":
        model = random_dream(config, device, torch.bfloat16)
        method = LoraFineTuning(model, training, base, adapter=None, ranks=ranks)
    elif ranks.count > 1:
        with torch.device("meta"):
            model = Dream(config)
        spread(model, device, ranks, narrow=training["precision"] == "bf16")
        draw(model, torch.Generator(device).manual_seed(ranks.rank))
        method = ShardedFineTuning(model, training, base, ranks=ranks)
    else:
        model = random_dream(config, device, torch.float32)
        method = PlainFineTuning(model, training, base)
    prepare(method, training, device)
    return method


def one_rank(file: Path, case: str, warm: int) -> None:
    spec = load_spec("train", file)
    ranks, device = open_ranks(spec["training"], torch.device(spec["device"]))
    config = TINY if spec["device"] == "cpu" else DREAM_7B
    events: list[tuple[float, dict[str, Any]]] = []
    method = build(spec, config, device, ranks)
    data = load_dataset(spec["dataset"])
    run = assemble(
        spec,
        lambda event: events.append((time.monotonic(), event)),
        data,
        method,
        None,
        ranks,
    )
    on_gpu = device.type == "cuda"
    train(run)
    run.metrics.close()
    run.batches.close()
    peak = round(torch.cuda.max_memory_reserved() / 2**30, 1) if on_gpu else None
    say(case=case, rank=ranks.rank, peakGiB=peak)
    if ranks.first:
        steps = [(at, event) for at, event in events if event["type"] == "step"]
        seconds = steps[-1][0] - steps[warm - 1][0]
        tokens = sum(event["documentTokens"] for _, event in steps[warm:])
        say(
            case=case,
            ranks=ranks.count,
            steps=len(steps) - warm,
            documentTokensPerSecond=round(tokens / seconds),
            msPerStep=round(seconds / (len(steps) - warm) * 1e3, 1),
            firstLoss=steps[0][1]["loss"],
            lastLoss=steps[-1][1]["loss"],
            orderHash=run.state.order.hex(),
            stallSeconds=[e["stallSeconds"] for _, e in events if e["type"] == "checkpoint-ready"],
            card=torch.cuda.get_device_name() if on_gpu else "cpu",
            torch=torch.__version__,
        )


def all_ranks(case: str, arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        meeting = folder / "ranks"
        meeting.mkdir()
        words = [str(write_case(folder, case, arguments)), case, str(arguments.warm)]
        command = [*agent_command(arguments.ranks, meeting), __file__, *words, "--rank"]
        # A pipe as stdin: its end is ours, and ends the agent (parent_watch.py).
        environment = rank_environment(meeting, arguments.ranks)
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as agent:
            return agent.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+", metavar="METHOD:LENGTH[:OPTION=VALUE...]")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warm", type=int, default=3)
    parser.add_argument("--checkpoint", dest="no_checkpoint", action="store_false")
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    failed = [case for case in arguments.cases if all_ranks(case, arguments)]
    for case in failed:
        say(case=case, error="see the lines above")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[-1] == "--rank" and RankProcess.of_environment().under_torchrun:
        one_rank(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main())
