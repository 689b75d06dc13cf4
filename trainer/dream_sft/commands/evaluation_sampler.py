"""The sampler of an evaluation, and of whoever decodes its questions once more."""

from __future__ import annotations

import logging
from typing import Any

from dream_sft.io.errors import SpecError
from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.engine import Sampler
from dream_sft.sampling.kernels import (
    CompilerMissingError,
    Kernels,
    choose_kernels,
    obstacle_to_compiling,
)

log = logging.getLogger("dream_sft.evaluation_sampler")


def evaluation_kernels(spec: dict[str, Any]) -> Kernels:
    """What `spec["compile"]` and `spec["device"]` ask for, before a weight is read.

    Raises SpecError when compiled code is asked for on a machine that cannot make it.
    """
    device, wanted = spec["device"], spec["compile"]
    obstacle = obstacle_to_compiling(device)
    try:
        kernels = choose_kernels(device, wanted, obstacle)
    except CompilerMissingError as error:
        raise SpecError(
            f"compile: true is asked for, but {error}; install it, or say false"
        ) from error
    if device == "cuda" and wanted is None and obstacle is not None:
        log.warning("decoding is not compiled: %s", obstacle)
    return kernels


def open_sampler(
    spec: dict[str, Any], model: Dream, sampling: SamplingConfig, kernels: Kernels
) -> Sampler:
    """`spec["batchSize"]` slots."""
    return Sampler(
        model,
        sampling,
        slots=spec["batchSize"],
        compiled=kernels.compiled,
        graphs=kernels.graphs,
    )
