"""Seconds from process start to the first step, weights on a local disk and not in its cache.

Writes random weights of Dream 7B's shape (15.2 GB, bf16, sharded as published), then starts
`python -m dream_sft train` twice as a plan does: with an empty compile cache, and with the cache
that the first start left beside its run directory. Before each start the files leave the page cache
(posix_fadvise, no root needed); how much went is told. Parts are those of startup.json.

    PYTHONPATH=trainer python bench/startup_gpu.py     # one GPU; --storage bf16, fp8 or int8
    … --starts --fetch 200                             # a new host that fetches at 200 MB/s alone

A new host: `python -m dream_sft download` from an HTTP server on the loopback that keeps to the
rate, each file with its digest, then a start with an empty compile cache.

One JSON line a start. Each is ended after its fifth step. `--tiny` tries it on a CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "gpu")]
from dream_sft.io.files import sha256_file  # noqa: E402
from dream_sft.model.weights import save_dream  # noqa: E402
from paced_server import serving  # noqa: E402
from random_dream import DREAM_7B, TINY, random_dream  # noqa: E402
from train_gpu import training_of, write_documents  # noqa: E402

# startup.json knows the usual step after as many.
STEPS = 5


def write_base(folder: Path, tiny: bool) -> float:
    """GB written."""
    device = torch.device("cpu" if tiny else "cuda")
    model = random_dream(TINY if tiny else DREAM_7B, device, torch.bfloat16)
    files = save_dream(model, folder)
    return sum(path.stat().st_size for path in files) / 1e9


def fetch(root: Path, rate: float, host: Path) -> float:
    """Seconds in which a new host has the base: process start, fetching, checking."""
    files = sorted((root / "base").iterdir())
    digests = {path.name: sha256_file(path) for path in files}
    with serving(root / "base", rate) as address:
        items = [
            {
                "name": f"file-{number}",
                "source": {"kind": "url", "url": f"{address}/{name}", "sha256": digest},
                "destination": str(host / "base"),
            }
            for number, (name, digest) in enumerate(digests.items())
        ]
        spec = {"command": "download", "runDir": str(host / "download"), "items": items}
        host.mkdir()
        (host / "download.json").write_text(json.dumps(spec))
        begun = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "dream_sft", "download", "--spec", str(host / "download.json")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return time.monotonic() - begun


def write_spec(root: Path, name: str, arguments: argparse.Namespace, dataset: Path) -> Path:
    device = "cpu" if arguments.tiny else "cuda"
    changes: dict[str, Any] = {"steps": 1000, "trackers": []}
    if arguments.tiny:
        changes |= {"tokensPerMicroBatch": 1024}
    spec = {
        "command": "train",
        "runDir": str(root / "runs" / name),
        "base": str(root / "base"),
        "dataset": str(dataset),
        "device": device,
        "training": training_of(arguments.storage, changes),
        "checkpoints": {"everySteps": 10**6, "folder": str(root / name)},
        "output": str(root / "output"),
    }
    path = root / f"{name}.json"
    path.write_text(json.dumps(spec))
    return path


def cached_bytes() -> int:
    """The machine's page cache."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("Cached:"))
    return int(kilobytes) * 1024


def leave_page_cache(folder: Path) -> float:
    """GB that the page cache lost; written pages must be on the disk before they can leave."""
    before = cached_bytes()
    for path in folder.iterdir():
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
            os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return (before - cached_bytes()) / 1e9


def start(
    root: Path, name: str, arguments: argparse.Namespace, dataset: Path, *, drop: bool = True
) -> dict[str, Any]:
    dropped = leave_page_cache(root / "base") if drop else 0.0
    spec = write_spec(root, name, arguments, dataset)
    known = {k: v for k, v in os.environ.items() if not k.startswith(("TORCHINDUCTOR", "TRITON"))}
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "dream_sft", "train", "--spec", str(spec)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=known,
        text=True,
    )
    seconds = {}
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        seconds.setdefault(event["type"], round(time.monotonic() - begun, 2))
        if event["type"] == "step" and event["step"] > STEPS:
            break
    else:
        raise RuntimeError(f"training ended by itself with exit code {process.wait()}")
    process.kill()
    process.wait()
    told = json.loads((root / "runs" / name / "startup.json").read_text())
    return {
        "compileCache": name,
        "secondsToFirstStep": seconds["step"],
        "secondsToReady": seconds.get("ready"),
        "parts": told["parts"],
        "usualStepSeconds": told["usualStepSeconds"],
        "pageCacheDroppedGB": round(dropped, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--storage", default="fp8", help="as in bench/train_gpu.py")
    parser.add_argument("--folder", help="on the disk to measure; default: the temporary folder")
    parser.add_argument("--starts", nargs="*", default=["cold", "warm"], help="in this order")
    parser.add_argument("--fetch", type=float, nargs="*", default=[], metavar="MB/S")
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        root = Path(name)
        begun = time.monotonic()
        size = write_base(root / "base", arguments.tiny)
        if not arguments.tiny:
            torch.cuda.empty_cache()
        length, config = (64, TINY) if arguments.tiny else (2048, DREAM_7B)
        write_documents(root / "dataset", [length], config)
        about = {
            "storage": arguments.storage,
            "baseGB": round(size, 3),
            "card": "cpu" if arguments.tiny else torch.cuda.get_device_name(),
            "torch": torch.__version__,
        }
        print(json.dumps({**about, "written": round(time.monotonic() - begun, 1)}), flush=True)
        for cache in arguments.starts:
            found = start(root, cache, arguments, root / "dataset")
            print(json.dumps({**about, **found}), flush=True)
        for rate in arguments.fetch:
            host = root / f"host-{rate:g}"
            fetched = fetch(root, rate, host)
            # What was just written is in the page cache, as it is on a host that has just fetched.
            found = start(host, "cold", arguments, root / "dataset", drop=False)
            told = {"fetchedAtMBs": rate, "fetchSeconds": round(fetched, 2)}
            whole = {"secondsWithFetch": round(fetched + found["secondsToFirstStep"], 2)}
            print(json.dumps({**about, **told, **found, **whole}), flush=True)
            shutil.rmtree(host)


if __name__ == "__main__":
    main()
