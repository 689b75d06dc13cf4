"""Makes the next global batch while the model computes the present one."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from dream_sft.train.micro_batches import GlobalBatch


class BatchSource(Protocol):
    """Batches, or anything that makes the batch of a step from nothing but its number."""

    def batch(self, step: int) -> GlobalBatch: ...


class Prefetcher:
    """`source.batch`, one step ahead, in one thread of its own.

    A batch depends on its step alone, so neither results nor their order depend on timing. What
    the source raises is raised by `batch` of that step, and not before.
    """

    def __init__(self, source: BatchSource, last_step: int) -> None:
        self._source = source
        self._last_step = last_step
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")
        self._next: tuple[int, Future[GlobalBatch]] | None = None

    def batch(self, step: int) -> GlobalBatch:
        """The batch of `step`; work on the following step begins before it is returned."""
        ahead = self._next
        if ahead is None or ahead[0] != step:
            ahead = (step, self._thread.submit(self._source.batch, step))
        self._next = None
        result = ahead[1].result()
        if step < self._last_step:
            self._next = (step + 1, self._thread.submit(self._source.batch, step + 1))
        return result

    def close(self) -> None:
        """Ends the thread after what it is making."""
        self._thread.shutdown(wait=True, cancel_futures=True)
