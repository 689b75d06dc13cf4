"""Errors that a person can act on. Each has a reason (of the `error` event) and an exit code.

Anything else that is raised is a mistake in this program: exit code 1, with a traceback in the log.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from typing import Literal

from dream_sft.io import exit_codes

Resource = Literal["gpu-memory", "host-memory", "disk"]
DISK_ERRNOS = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


class TrainerError(Exception):
    """What happened, to which thing, what to do: one or two lines; `mistakes` lists every one."""

    reason = "internal"
    exit_code = exit_codes.CRASHED

    def __init__(self, message: str, mistakes: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.mistakes = list(mistakes)


class SpecError(TrainerError):
    """The run spec is wrong. Never retried."""

    reason = "spec"
    exit_code = exit_codes.SPEC


class DataError(TrainerError):
    """A data set, an answer file or a checkpoint is wrong or damaged. Never retried."""

    reason = "data"
    exit_code = exit_codes.DATA


class WeightsError(TrainerError):
    """A model folder cannot be used. Never retried."""

    reason = "weights"
    exit_code = exit_codes.DATA


class DivergedError(TrainerError):
    """Loss or gradient is no longer finite; says at which step and with which samples."""

    reason = "diverged"
    exit_code = exit_codes.DIVERGED


class ResourceError(TrainerError):
    """Memory or disk ran out.

    token_budget: tokens of a micro-batch that the next attempt should try; None: no advice.
    tokens: of the micro-batch that did not fit. documents: of padded rows, to try next.
    device: the GPU model that the advice is for, or `cpu`.
    """

    reason = "resources"
    exit_code = exit_codes.RESOURCES

    def __init__(
        self,
        message: str,
        resource: Resource,
        token_budget: int | None = None,
        *,
        tokens: int | None = None,
        documents: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(message)
        self.resource: Resource = resource
        self.token_budget = token_budget
        self.tokens = tokens
        self.documents = documents
        self.device = device


class NetworkError(TrainerError):
    """A download failed for good on our side. Exit code 1, so that it is retried like a crash."""

    reason = "network"


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked us to stop
    """SIGTERM was answered: the checkpoint is staged and the process ends with exit code 75."""


def is_disk_full(error: BaseException) -> bool:
    """Whether a write failed for want of space (also inside libraries that only keep the text)."""
    if isinstance(error, OSError) and error.errno in DISK_ERRNOS:
        return True
    return any(f"os error {number}" in str(error) for number in DISK_ERRNOS)


# Said by CUDA and its libraries, which take memory without torch (a recorded graph, cuBLAS).
_GPU_MEMORY_TEXTS = ("CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED")


def memory_that_ran_out(error: BaseException) -> Literal["gpu-memory", "host-memory"] | None:
    """Which memory an error tells of; None for other errors. By name, so that torch stays unloaded.

    torch says the one with its own class, the other with a RuntimeError of its CPU allocator. What
    it was raised in the handling of counts too: ending a CUDA graph's recording may fail after it.
    """
    for seen in _chain(error):
        text = str(seen)
        if type(seen).__name__ == "OutOfMemoryError" and type(seen).__module__.startswith("torch"):
            return "gpu-memory"
        if any(sentence in text for sentence in _GPU_MEMORY_TEXTS):
            return "gpu-memory"
        if isinstance(seen, MemoryError) or "DefaultCPUAllocator" in text:
            return "host-memory"
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from or in the handling of; chains may loop."""
    known: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in known:
        known.add(id(at))
        yield at
        at = at.__cause__ or at.__context__
