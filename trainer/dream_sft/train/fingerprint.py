"""The numerics fingerprint: what decides the last bit of the weights besides data and seed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch

Fingerprint = dict[str, str]
_PACKAGE = Path(__file__).resolve().parents[1]
_COMPUTING = ("adapters", "data", "diffusion", "frozen", "model", "train")


def fingerprint(training: dict[str, Any], device: str, packed_kernel: str) -> Fingerprint:
    """Name → value, all strings. Equal on CPU: a resume gives bit-identical weights."""
    return {
        "micro-batch plan": _micro_batch_plan(training),
        "world size": str(training["worldSize"]),
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "threads": str(torch.get_num_threads()),
        "CPU instruction set": f"{torch.backends.cpu.get_cpu_capability()} {_cpu_vendor()}",
        "torch version": torch.__version__,
        "trainer code": code_digest(),
        "kernels": f"{packed_kernel if training['tokensPerMicroBatch'] else 'sdpa'}, {_kernels()}",
        "precision": f"{training['precision']}, weights {training['basePrecision']}",
        "compile": "on" if training["compile"] else "off",
        "CUDA graphs": "on" if training["cudaGraphs"] else "off",
        "activation checkpointing": str(training["activationCheckpointing"]),
        "deterministic": str(training["deterministic"]),
    }


def code_digest(package: Path = _PACKAGE) -> str:
    """Of the modules that compute: a change in them may change a last bit, or may not."""
    digest = hashlib.sha256()
    for part in _COMPUTING:
        for path in sorted((package / part).rglob("*.py")):
            name, content = path.relative_to(package).as_posix(), path.read_bytes()
            digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _micro_batch_plan(training: dict[str, Any]) -> str:
    per_step = training["documentsPerStep"]
    if training["tokensPerMicroBatch"] is not None:
        return f"rows of {training['tokensPerMicroBatch']} tokens, {per_step} documents"
    return f"{min(training['documentsPerMicroBatch'], per_step)} of {per_step} documents"


def differences(then: Fingerprint, now: Fingerprint) -> list[dict[str, str]]:
    """Entries of a `resumed_inexactly` event."""
    return [
        {"what": what, "checkpoint": then.get(what, "unknown"), "now": now.get(what, "unknown")}
        for what in sorted({*then, *now})
        if then.get(what) != now.get(what)
    ]


def _kernels() -> str:
    libraries = (torch.backends.mkl, torch.backends.mkldnn, torch.backends.cudnn)
    # torch leaves these functions without types.
    names = [lib.__name__.rsplit(".", 1)[-1] for lib in libraries if lib.is_available()]
    return f"fused AdamW, {', '.join(names) or 'no vendor library'}"


def _cpu_vendor() -> str:
    """Vendor libraries choose their code by vendor as well as by instruction set."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown vendor"
    found = (line.split(":", 1)[1].strip() for line in lines if line.startswith("vendor_id"))
    return next(found, "unknown vendor")
