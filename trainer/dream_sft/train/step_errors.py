"""How a training step fails, in words: every method says the same."""

from __future__ import annotations

from collections.abc import Sequence

from dream_sft.io.errors import DivergedError, ResourceError, memory_that_ran_out

_SAMPLES_NAMED = 16


def diverged(step: int, what: str, sample_ids: Sequence[int]) -> DivergedError:
    """`what` is not finite, in the step that computed these samples."""
    ids = [f"{sample_id:016x}" for sample_id in sample_ids]
    more = f" and {len(ids) - _SAMPLES_NAMED} more" if len(ids) > _SAMPLES_NAMED else ""
    return DivergedError(
        f"training diverged at step {step}: {what}; "
        f"samples {', '.join(ids[:_SAMPLES_NAMED])}{more}. Lower training.learningRate or clipNorm"
    )


def out_of_memory(error: BaseException, tokens: int, where: str) -> ResourceError | None:
    """A ResourceError that advises half of these `tokens`; None for other errors.

    `where` tells what was computed. What to do, budgets.py adds.
    """
    resource = memory_that_ran_out(error)
    if resource is None:
        return None
    place = "host" if resource == "host-memory" else "GPU"
    return ResourceError(
        f"out of {place} memory in {where}",
        resource,
        max(tokens // 2, 1),
        tokens=tokens,
    )
