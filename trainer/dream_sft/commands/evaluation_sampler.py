"""The sampler of an evaluation, and of whoever decodes its questions once more."""

from __future__ import annotations

import logging
from typing import Any

from dream_sft.io.errors import SpecError
from dream_sft.model.network import Dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.engine import Sampler
from dream_sft.sampling.kernels import CompilerMissingError, choose_kernels, obstacle_to_compiling

log = logging.getLogger("dream_sft.evaluation_sampler")


def open_sampler(spec: dict[str, Any], model: Dream, sampling: SamplingConfig) -> Sampler:
    """`spec["batchSize"]` slots, computed as `spec["compile"]` and the model's device say.

    Raises SpecError when compiled code is asked for on a machine that cannot make it.
    """
    device, wanted = model.lm_head.weight.device.type, spec["compile"]
    obstacle = obstacle_to_compiling(device)
    try:
        kernels = choose_kernels(device, wanted, obstacle)
    except CompilerMissingError as error:
        raise SpecError(
            f"compile: true is asked for, but {error}; install it, or say false"
        ) from error
    if device == "cuda" and wanted is None and obstacle is not None:
        log.warning("decoding is not compiled: %s", obstacle)
    return Sampler(
        model,
        sampling,
        slots=spec["batchSize"],
        compiled=kernels.compiled,
        graphs=kernels.graphs,
    )
