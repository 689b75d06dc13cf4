"""The two moments of AdamW, by name.

Made with the optimizer and not at its first update: the row that is tried before the first step
(worst_case.py) must find them in memory. Of all weights of Dream 7B they take 28 GiB in bf16, 57 in
float32.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from dream_sft.io.errors import ResourceError, memory_that_ran_out

MOMENTS = ("exp_avg", "exp_avg_sq")


def moment_owners(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weight that each of `exp_avg.<weight>` and `exp_avg_sq.<weight>` belongs to."""
    return {f"{moment}.{name}": weight for name, weight in weights.items() for moment in MOMENTS}


def new_moments(
    weights: Mapping[str, Tensor], dtype: torch.dtype | None = None
) -> dict[str, Tensor]:
    """Zeros of the weights' shapes, in their dtypes or the given one.

    Raises ResourceError without a token budget: fewer tokens at once would not help.
    """
    try:
        owners = moment_owners(weights)
        return {key: torch.zeros_like(weight, dtype=dtype) for key, weight in owners.items()}
    except RuntimeError as error:
        resource = memory_that_ran_out(error)
        if resource is None:
            raise
        place = "host" if resource == "host-memory" else "GPU"
        raise ResourceError(
            f"no {place} memory for the optimizer's moments beside the weights; take fullMode "
            "fused or kept with moments bf16, method lora, or a card with more memory",
            resource,
        ) from error
