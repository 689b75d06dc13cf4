"""In what the trainer runs: `environment.json` in the run directory, for the report."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dream_sft.io.files import write_atomic

FILE = "environment.json"
_PACKAGES = ("torch", "numpy", "safetensors", "tokenizers", "huggingface-hub", "tensorboard")


def write_environment(spec: dict[str, Any]) -> None:
    """Write `<runDir>/environment.json` (schemas/environment.schema.json). Raises OSError.

    Torch is asked only where the command has loaded it: a conversion does not wait for it.
    """
    content = environment(spec["command"], spec["device"])
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_atomic(Path(spec["runDir"]) / FILE, text)


def environment(command: str, device: str) -> dict[str, Any]:
    """The content of the file. `threads` counts torch's CPU threads, `memoryBytes` is in bytes."""
    torch = sys.modules.get("torch")
    return {
        "command": command,
        "platform": platform.platform(),
        "pythonVersion": platform.python_version(),
        "torchVersion": None if torch is None else str(torch.__version__),
        "device": device,
        "threads": None if torch is None else torch.get_num_threads(),
        "cpu": {
            "model": cpu_model(),
            "instructionSet": None if torch is None else torch.backends.cpu.get_cpu_capability(),
            "cores": os.cpu_count(),
        },
        "gpu": _gpu(torch, device),
        "packages": _packages(),
    }


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str | None:
    """Name of the processor as the kernel tells it; elsewhere as Python knows it, if it does."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or None
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or None)


def _gpu(torch: Any, device: str) -> dict[str, Any] | None:
    if torch is None or device != "cuda" or not torch.cuda.is_available():
        return None
    properties = torch.cuda.get_device_properties(0)
    return {
        "name": str(properties.name),
        "memoryBytes": int(properties.total_memory),
        "cudaVersion": torch.version.cuda,
    }


def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
