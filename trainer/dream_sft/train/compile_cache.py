"""Where compiled code is kept, so that a second start on the same host need not compile again.

The one place of training that touches these variables: torch and Triton read them when they first
compile, and offer no other way to say both.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

FOLDER = "compile-cache"


def keep_compiled_code(run_dir: Path, environment: MutableMapping[str, str] = os.environ) -> Path:
    """Keep it beside the run directory, where other runs and attempts of a plan look too.

    A folder that the user named (TORCHINDUCTOR_CACHE_DIR) stays. Returns the folder. Call it
    before anything is compiled.
    """
    folder = Path(
        environment.setdefault("TORCHINDUCTOR_CACHE_DIR", str(run_dir.resolve().parent / FOLDER))
    )
    environment.setdefault("TRITON_CACHE_DIR", str(folder / "triton"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def use_cached_graphs() -> None:
    """Whole compiled graphs too, not only their kernels (off by default in older torch)."""
    import torch._functorch.config
    import torch._inductor.config

    for module, setting in (
        (torch._inductor.config, "fx_graph_cache"),
        (torch._functorch.config, "enable_autograd_cache"),
    ):
        if hasattr(module, setting):
            setattr(module, setting, True)
