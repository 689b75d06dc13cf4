"""A tracker that never delays a step: records go into a bounded queue, a thread takes them out.

A back-end that raises, or does not answer in time, is left for the next way (online, then the local
disk), which goes on with the record it failed on; after the last way records are dropped.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from dream_sft.train.trackers.backend import Backend, Record, Way
from dream_sft.train.trackers.calls import Calls


@dataclass(frozen=True)
class Patience:
    """Seconds. `answer`: for a sign of life, and for each record. `start`: to load the library and
    begin the run. `end`: for everything that is left when training is over.
    """

    answer: float = 3.0
    start: float = 10.0
    end: float = 10.0


class QueuedTracker:
    """One service. `tell` gets sentences for people, from the tracker's thread."""

    def __init__(
        self,
        name: str,
        ways: Sequence[Way],
        tell: Callable[[str], None],
        *,
        patience: Patience | None = None,
        capacity: int = 4096,
    ) -> None:
        self._name, self._ways, self._tell = name, list(ways), tell
        self._patience = patience or Patience()
        self._waiting: deque[Record] = deque()
        self._capacity = capacity
        self._change = threading.Condition()
        self._closing = False
        self._off = False
        self._deadline = float("inf")
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"tracker-{name}", daemon=True)
        self._thread.start()

    def write(self, step: int, wall_time: float, values: Mapping[str, float]) -> None:
        """Queue one record; drops it when the queue is full or the tracker is off. Never waits."""
        with self._change:
            if self._off or self._closing or len(self._waiting) >= self._capacity:
                self.dropped += 1
                return
            self._waiting.append(Record(step, wall_time, values))
            self._change.notify()

    def close(self) -> None:
        """Hand over what waits, for `patience.end` seconds at most, and tell what was dropped."""
        with self._change:
            if self._closing:
                return
            self._closing = True
            self._deadline = time.monotonic() + self._patience.end
            self._change.notify()
        self._thread.join(self._patience.end)
        with self._change:
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._off = True
            dropped = self.dropped
        if dropped:
            self._tell(
                f"{self._name}: {dropped} records did not reach it; metrics.jsonl has them all"
            )

    def _run(self) -> None:
        for way, following in zip(self._ways, [*self._ways[1:], None], strict=True):
            calls = Calls(f"tracker-{self._name}-{way.label}")
            try:
                self._follow(way.make(), calls)
                return
            except BaseException as error:
                if not self._give_up(way, following, error):
                    return
            finally:
                calls.end()
        with self._change:
            self._off = True
            self.dropped += len(self._waiting)
            self._waiting.clear()

    def _give_up(self, way: Way, following: Way | None, error: BaseException) -> bool:
        """Tell why; False once the tracker is closed, when nothing may be told any more."""
        then = "it is off" if following is None else f"it goes on {following.label}"
        why = " ".join(str(error).split())[:200] or type(error).__name__
        with self._change:
            if not self._off:
                self._tell(f"{self._name} {way.label} failed ({why}): {then}, training goes on")
            return not self._off

    def _follow(self, backend: Backend, calls: Calls) -> None:
        """Returns when everything is handed over and the run closed; raises what goes wrong."""
        calls.call(backend.reach, self._left(self._patience.answer))
        calls.call(backend.open, self._left(self._patience.start))
        while (record := self._first()) is not None:
            calls.call(partial(backend.write, record), self._left(self._patience.answer))
            # Only now: a record that a way failed on is the next way's first.
            with self._change:
                if self._waiting and self._waiting[0] is record:
                    self._waiting.popleft()
        calls.call(backend.close, self._left(self._patience.end))

    def _first(self) -> Record | None:
        """The oldest record, waiting for one; None when there will be no more."""
        with self._change:
            while not self._waiting and not self._closing:
                self._change.wait()
            return self._waiting[0] if self._waiting else None

    def _left(self, usual: float) -> float:
        """Seconds that a call may take: at the end all calls share one allowance."""
        return max(0.0, min(usual, self._deadline - time.monotonic()))
