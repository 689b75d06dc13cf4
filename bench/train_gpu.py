"""Document tokens per second of the real training loop on Dream 7B's shape (random weights).

Each case runs `train.loop.train` over packed documents with data, optimizer, logging, events and
one checkpoint, as a plan does; the first steps (compilation) are timed apart. Document tokens are
prompt + response + first end token; tail and padding do not count. MFU is over 989 TFLOP/s with
4 N (LoRA) or 6 N (full) a document token and 4 or 6 times 2 L² of attention a document.

    PYTHONPATH=trainer python bench/train_gpu.py fp8:750 bf16:2048 fused:2048 --steps 100

A case is STORAGE:LENGTHS[:OPTION=VALUE...]; storage bf16, fp8, int8 (LoRA), kept, fused (full);
lengths one number, or several joined by + for documents of each in turn; options set keys of
`training` (JSON values). One JSON line a case. `--tiny` tries it on a CPU.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent / "gpu"))
from dream_sft.data.dataset import Document, dataset_bytes, load_dataset
from dream_sft.io.spec import load_spec
from dream_sft.train.assemble import assemble
from dream_sft.train.flops import step_flops
from dream_sft.train.loop import Run, train
from dream_sft.train.methods.exact import ExactFineTuning, FusedFineTuning
from dream_sft.train.methods.lora import LoraFineTuning
from dream_sft.train.methods.open import prepare
from random_dream import DREAM_7B, TINY, random_dream

PEAK_FLOPS = 989e12
BEGUN = time.monotonic()


def say(**line: Any) -> None:
    print(json.dumps({"at": round(time.monotonic() - BEGUN, 1), **line}), flush=True)


def lengths_of(text: str) -> list[int]:
    return [int(one) for one in text.split("+")]


def write_documents(folder: Path, lengths: list[int], config: Any) -> None:
    """128 documents of `lengths` tokens in turn, the first end token included, a quarter prompt."""
    random = np.random.default_rng(0)
    made = []
    for number in range(128):
        length = lengths[number % len(lengths)]
        ids = random.integers(0, config.vocab_size - 8, length - 1).astype(np.int32)
        made.append(Document(sample_id=number, ids=ids, prompt_length=length // 4, cut=False))
    folder.mkdir(parents=True)
    (folder / "documents.safetensors").write_bytes(dataset_bytes(made))
    tokens = {"maskId": config.mask_token_id, "eosId": config.eos_token_id, "padId": 0}
    conversion = {
        "version": 1,
        "tokenizer": {"name": "bench", "vocabSize": 1, **tokens},
    }
    (folder / "conversion.json").write_text(json.dumps(conversion))


def training_of(storage: str, changes: dict[str, Any]) -> dict[str, Any]:
    common = {
        "documentsPerStep": 16,
        "tokensPerMicroBatch": 12672,
        "precision": "bf16",
        "basePrecision": "bf16" if storage in ("kept", "fused") else storage,
        "compile": True,
    }
    if storage in ("kept", "fused"):
        full = {"fullMode": storage, "moments": "bf16", "learningRate": 2e-6}
        return {**common, **full, **changes}
    return {**common, "method": "lora", "lora": {"rank": 16, "alpha": 32}, **changes}


def write_spec(
    folder: Path, training: dict[str, Any], arguments: argparse.Namespace, device: str
) -> Path:
    steps, warm, checkpoint = (
        arguments.steps,
        arguments.warm,
        not arguments.no_checkpoint,
    )
    total = steps + warm
    spec = {
        "command": "train",
        "runDir": str(folder / "run"),
        "base": str(folder / "base"),
        "dataset": str(folder / "dataset"),
        "device": device,
        "training": {**training, "steps": total},
        "checkpoints": {
            "everySteps": warm + steps // 2 if checkpoint else 10**6,
            "folder": str(folder / "checkpoints"),
            "keep": 1,
        },
        "output": str(folder / "output"),
    }
    path = folder / "spec.json"
    path.write_text(json.dumps(spec))
    return path


def build(spec: dict[str, Any], storage: str, config: Any, device: torch.device) -> Any:
    model = random_dream(config, device, torch.bfloat16)
    training, base = spec["training"], Path(spec["base"])
    if storage in ("kept", "fused"):
        kind = ExactFineTuning if storage == "kept" else FusedFineTuning
        method: Any = kind(model, {}, training, base)
    else:
        method = LoraFineTuning(model, training, base, adapter=None)
    prepare(method, training, device)
    return method


def measure(case: str, arguments: argparse.Namespace) -> None:
    storage, lengths_text, *options = case.split(":")
    lengths = lengths_of(lengths_text)
    changes = {key: json.loads(value) for key, value in (o.split("=", 1) for o in options)}
    device = torch.device("cpu" if arguments.tiny else "cuda")
    config = TINY if arguments.tiny else DREAM_7B
    warm = arguments.warm
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "base").mkdir()
        write_documents(folder / "dataset", lengths, config)
        training = training_of(storage, changes)
        spec = load_spec("train", write_spec(folder, training, arguments, device.type))
        events: list[tuple[float, dict[str, Any]]] = []

        def emit(event: dict[str, Any]) -> None:
            events.append((time.monotonic(), event))
            if event["type"] == "step" and event["step"] in (1, 2, warm):
                say(case=case, step=event["step"], loss=event["loss"])

        begun = time.monotonic()
        method = build(spec, storage, config, device)
        run = assemble(spec, emit, load_dataset(folder / "dataset"), method, None)
        say(case=case, built=round(time.monotonic() - begun, 1))
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        train(run)
        report(case, lengths, storage, run, events, warm, begun)
        if arguments.profile:
            profile(run)
        run.metrics.close()
        run.batches.close()


def report(
    case: str,
    lengths: list[int],
    storage: str,
    run: Run,
    events: list[tuple[float, dict[str, Any]]],
    warm: int,
    begun: float,
) -> None:
    steps = [(at, event) for at, event in events if event["type"] == "step"]
    seconds = steps[-1][0] - steps[warm - 1][0]
    measured = [event for _, event in steps[warm:]]
    tokens = sum(event["documentTokens"] for event in measured)
    trained = storage in ("kept", "fused")
    flops = step_flops(run.method.model.config, lengths, trained=trained) / sum(lengths)
    speed = tokens / seconds
    checkpoints = [event for _, event in events if event["type"] == "checkpoint-ready"]
    on_gpu = run.device.type == "cuda"
    say(
        case=case,
        steps=len(measured),
        documentTokensPerSecond=round(speed),
        mfu=round(speed * flops / PEAK_FLOPS, 3),
        quantised=storage in ("fp8", "int8"),
        msPerStep=round(seconds / len(measured) * 1e3, 1),
        firstStepsSeconds=round(steps[warm - 1][0] - begun, 1),
        secondsData=round(sum(event["secondsData"] for event in measured), 3),
        stallSeconds=[event["stallSeconds"] for event in checkpoints],
        checkpointSeconds=[event["seconds"] for event in checkpoints],
        # Reserved: CUDA graphs hold memory that counts as allocated only while they are recorded.
        peakGiB=round(torch.cuda.max_memory_reserved() / 2**30, 1) if on_gpu else None,
        allocatedGiB=round(torch.cuda.max_memory_allocated() / 2**30, 1) if on_gpu else None,
        kernel=run.method.model.packed_kernel,
        # Equal in two runs of one case: training was the same bit for bit.
        weightsSha256=None if trained else run.method.weights_sha256(),
        card=torch.cuda.get_device_name() if on_gpu else "cpu",
        torch=torch.__version__,
    )


def profile(run: Run) -> None:
    """Where one more step spends its time, by kernel."""
    batch = run.batches.batch(run.last_step)
    activities = [torch.profiler.ProfilerActivity.CPU]
    if run.device.type == "cuda":
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as profiler:
        run.method.step(batch, 0.0)
        if run.device.type == "cuda":
            torch.cuda.synchronize()
    on_gpu = run.device.type == "cuda"
    kind = torch.autograd.DeviceType.CUDA if on_gpu else torch.autograd.DeviceType.CPU
    field = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    times = [
        (getattr(entry, field), entry.count, entry.key)
        for entry in profiler.key_averages()
        if entry.device_type == kind
    ]
    total = sum(time_us for time_us, _, _ in times)
    say(profiledMs=round(total / 1e3, 1))
    for time_us, count, name in sorted(times, reverse=True)[:26]:
        share = round(time_us / total, 3)
        say(kernel=name[:100], ms=round(time_us / 1e3, 2), calls=count, share=share)
    idle(profiler, kind)


def idle(profiler: Any, kind: Any) -> None:
    """The longest times in which the device waited, and the kernels before and after."""
    kernels = sorted(
        (event.time_range.start, event.time_range.end, event.name)
        for event in profiler.events()
        if event.device_type == kind
    )
    gaps, end, last = [], kernels[0][0], "start"
    for start, stop, name in kernels:
        gaps.append((start - end, last[:60], name[:60], round((start - kernels[0][0]) / 1e3, 1)))
        if stop > end:
            end, last = stop, name
    span = end - kernels[0][0]
    waited = sum(max(gap, 0) for gap, *_ in gaps)
    say(spanMs=round(span / 1e3, 1), idleMs=round(waited / 1e3, 1))
    for gap, before, after, at in sorted(gaps, reverse=True)[:12]:
        say(idleMs=round(gap / 1e3, 2), atMs=at, before=before, after=after)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+", metavar="STORAGE:LENGTHS[:OPTION=VALUE...]")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--warm", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--no-checkpoint", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    say(torch=torch.__version__)
    for case in arguments.cases:
        try:
            measure(case, arguments)
        except Exception as error:  # one case that fails must not end the others
            say(case=case, error=f"{type(error).__name__}: {str(error)[:600]}")
        gc.collect()
        torch._dynamo.reset()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
