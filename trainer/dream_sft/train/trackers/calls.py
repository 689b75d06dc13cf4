"""Calls that may never return, made on a thread that can be left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue


class Calls:
    """Runs one call after the other on a thread of its own.

    A thread cannot be stopped from outside: after a call that took too long this object is given
    up, and its thread, a daemon, ends with the process.
    """

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[tuple[Callable[[], None], Future[None]] | None] = SimpleQueue()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def call(self, what: Callable[[], None], seconds: float) -> None:
        """Raises TimeoutError after `seconds`, and whatever `what` raises."""
        future: Future[None] = Future()
        self._queue.put((what, future))
        # Python 3.10's futures have a TimeoutError of their own.
        error = _outcome(future, seconds)
        if error is not None:
            raise error

    def end(self) -> None:
        """The thread ends after the call in progress."""
        self._queue.put(None)

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            what, future = item
            try:
                what()
                future.set_result(None)
            # Libraries leave with SystemExit too; a tracker must never end training.
            except BaseException as error:
                future.set_exception(error)


def _outcome(future: Future[None], seconds: float) -> BaseException | None:
    finished = threading.Event()
    future.add_done_callback(lambda _: finished.set())
    if not finished.wait(seconds):
        return TimeoutError(f"no answer within {seconds:g} s")
    return future.exception()
