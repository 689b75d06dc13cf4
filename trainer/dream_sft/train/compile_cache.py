"""Where compiled code is kept, so that a second start need not compile again.

On the same host: a folder beside the run directory. The one place of training that touches its
variables: torch and Triton read them when they first compile, and offer no other way to say both.
On another host: a file in the checkpoint it resumes from, if `checkpoints.compiledCode` says so.
That file is code: torch unpickles and runs it. Hence only a run that wrote its checkpoints itself
may ask for it (docs/decisions/0010-compiled-code.md).
"""

from __future__ import annotations

import logging
import os
from collections.abc import MutableMapping
from pathlib import Path

FOLDER = "compile-cache"
FILE = "compiled-code.bin"

log = logging.getLogger("dream_sft.train")


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


def save_compiled_code(folder: Path) -> None:
    """Write what this process has compiled, or found compiled, into `folder`; nothing if nothing.

    Raises OSError. What torch cannot pack up costs the next host its minute, and no checkpoint.
    """
    import torch

    try:
        packed = torch.compiler.save_cache_artifacts()
    except Exception as error:  # of several unrelated classes
        log.warning("compiled code stays on this host (%s)", error)
        return
    if packed is not None:
        (folder / FILE).write_bytes(packed[0])


def load_compiled_code(checkpoint: Path) -> bool:
    """Take over a checkpoint's compiled code into this host's folder; whether there was any.

    The checkpoint's digests must have been verified. Code for another torch or card is kept by
    other keys and never run. Call it after `keep_compiled_code` and before anything is compiled.
    """
    import torch

    try:
        found = torch.compiler.load_cache_artifacts((checkpoint / FILE).read_bytes())
    except FileNotFoundError:
        return False
    except Exception as error:  # of several unrelated classes
        log.warning("compiling anew: %s of %s cannot be used (%s)", FILE, checkpoint, error)
        return False
    if found is not None:
        log.info("took over the compiled code of %s", checkpoint.name)
    return found is not None
