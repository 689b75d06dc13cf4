"""Variables that torch, and what it brings, read once: to be set before it is imported."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Any


def prepare_environment(
    spec: dict[str, Any], environment: MutableMapping[str, str] = os.environ
) -> None:
    """What a user has set stays."""
    # Spinning threads take the cores that they wait for: on a shared machine a step of two threads
    # took twice as long with the default.
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Tokenizers warn about forks that never happen here.
    environment.setdefault("TOKENIZERS_PARALLELISM", "false")
    if spec.get("training", {}).get("deterministic"):
        # Without it older torch refuses every matrix product on CUDA (pytorch/pytorch pull request
        # 161749).
        environment.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
