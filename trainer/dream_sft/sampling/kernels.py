"""How the passes of an evaluation are computed, chosen once by where they run.

1. On a GPU each pass is one CUDA graph, and the parts around attention go through torch.compile:
   a cached step computes less than launching it costs. On a CPU neither: there are no graphs, and
   compiling takes longer than what it saves.
2. Graphs replay the same kernels and change no number. Compiled code rounds elsewhere, so that a
   token may change; it is part of Sampler.key, and answers made with and without do not mix.
3. Compiling needs a toolchain that a rented machine may lack; there it is left out, and said.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Kernels:
    """Options of engine.Sampler."""

    compiled: bool
    graphs: bool


class CompilerMissingError(ValueError):
    """Compiled code was asked for where it cannot be made."""


def choose_kernels(device: str, wanted: bool | None, obstacle: str | None) -> Kernels:
    """The kernels for device type `device` ("cuda", "cpu").

    wanted: of compiled code, None leaves it to the device. obstacle: what compiling lacks here.
    Raises CompilerMissingError when it is wanted and cannot be had.
    """
    if wanted and obstacle is not None:
        raise CompilerMissingError(obstacle)
    on_gpu = device == "cuda"
    compiled = on_gpu and obstacle is None if wanted is None else wanted
    return Kernels(compiled=compiled, graphs=on_gpu)


def obstacle_to_compiling(device: str) -> str | None:
    """What torch.compile lacks on this machine, or None. Triton builds its launcher in C."""
    on_gpu = device == "cuda"
    compiler = os.environ.get("CC" if on_gpu else "CXX", "gcc" if on_gpu else "g++")
    if on_gpu and importlib.util.find_spec("triton") is None:
        return "torch came without triton"
    if shutil.which(compiler) is None:
        return f"there is no compiler {compiler}"
    if on_gpu and not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "Python's headers are missing (Python.h)"
    return None
