"""Why torch sees no GPU, and what to do about it.

A driver runs programs built for its own major version of CUDA or an older one (NVIDIA, "CUDA
Compatibility", minor version compatibility). What torch on the package index is built for: pull
requests and release matrices of pytorch/pytorch (178665 and 175253: 13.0 from 2.11 on; 12.8 in
2.8 to 2.10).
"""

from __future__ import annotations

import ctypes
from typing import Any

_NEWEST_FOR_MAJOR = {12: "2.10.0"}


def why_no_gpu(torch: Any) -> str:
    """One sentence that ends in what to do; for a torch that sees no card."""
    return explain(str(torch.__version__), torch.version.cuda, driver_version())


def explain(torch_version: str, built_for: str | None, driver: tuple[int, int] | None) -> str:
    """built_for: the CUDA of this torch, as 13.0. driver: the newest CUDA that the driver runs."""
    if driver is None:
        return "there is no NVIDIA driver on this host (nvidia-smi would show it); take cpu"
    runs = f"the driver runs CUDA {driver[0]}.{driver[1]}"
    if built_for is None:
        return f"{runs}, but torch {torch_version} is built for the CPU; {_install(driver[0])}"
    if driver[0] < int(built_for.split(".")[0]):
        needs = f"torch {torch_version} needs {built_for}"
        return f"{runs}, {needs}; renew the driver, or {_install(driver[0])}"
    return f"{runs}, but no card is visible; look at nvidia-smi and CUDA_VISIBLE_DEVICES"


def _install(major: int) -> str:
    """The pip line that works under a driver of this major version."""
    if major < min(_NEWEST_FOR_MAJOR):
        return "no torch of 2.6 or newer runs there: renew the driver"
    version = _NEWEST_FOR_MAJOR.get(major, "2.13.0")
    return f"pip install torch=={version}"


def driver_version() -> tuple[int, int] | None:
    """Major and minor of the newest CUDA that the driver runs; None without a driver."""
    try:
        library = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    found = ctypes.c_int()
    if library.cuDriverGetVersion(ctypes.byref(found)) != 0 or found.value <= 0:
        return None
    return found.value // 1000, found.value % 1000 // 10
