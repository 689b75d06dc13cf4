"""A tracker that hangs or fails costs its records at most; real threads, no network.

Fake back-ends block on events that nobody sets, so a short patience always runs out; the long one
is never used up.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from dream_sft.train.trackers.backend import Record, Way
from dream_sft.train.trackers.queued import Patience, QueuedTracker

SHORT = Patience(answer=1.0, start=1.0, end=30.0)
LONG = Patience(answer=30.0, start=30.0, end=30.0)


@dataclass
class Fake:
    """`hangs` and `fails` name the methods that never return, or raise."""

    hangs: str = ""
    fails: str = ""
    after: int = 0  # records that still go well
    seen: list[Record] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def _do(self, what: str) -> None:
        self.calls.append(what)
        if what == self.hangs and len(self.seen) >= self.after:
            threading.Event().wait()
        if what == self.fails and len(self.seen) >= self.after:
            raise RuntimeError(f"no {what}\nwith a second line")

    def reach(self) -> None:
        self._do("reach")

    def open(self) -> None:
        self._do("open")

    def write(self, record: Record) -> None:
        self._do("write")
        self.seen.append(record)

    def close(self) -> None:
        self._do("close")

    @property
    def steps(self) -> list[int]:
        return [record.step for record in self.seen]


def follow(
    *fakes: Fake, steps: int = 6, patience: Patience = SHORT, capacity: int = 100
) -> tuple[QueuedTracker, list[str]]:
    told: list[str] = []
    ways = [
        Way(label, lambda fake=fake: fake)  # type: ignore[misc]
        for label, fake in zip(("online", "on the disk"), fakes, strict=False)
    ]
    tracker = QueuedTracker("fake", ways, told.append, patience=patience, capacity=capacity)
    for step in range(1, steps + 1):
        tracker.write(step, 0.0, {"train/loss": 1.0 / step})
    tracker.close()
    return tracker, told


def test_records_arrive_in_order_and_the_run_is_closed() -> None:
    online, disk = Fake(), Fake()
    tracker, told = follow(online, disk, patience=LONG)
    assert online.steps == [1, 2, 3, 4, 5, 6]
    assert online.calls == ["reach", "open", *["write"] * 6, "close"]
    assert online.seen[3] == Record(4, 0.0, {"train/loss": 0.25})
    assert (disk.calls, told, tracker.dropped) == ([], [], 0)


def test_a_service_that_does_not_answer_is_left_and_no_record_is_lost() -> None:
    for method in ("reach", "open"):
        online, disk = Fake(hangs=method), Fake()
        tracker, told = follow(online, disk, patience=SHORT)
        assert online.steps == []
        assert disk.steps == [1, 2, 3, 4, 5, 6]
        assert told == [
            "fake online failed (no answer within 1 s): it goes on on the disk, training goes on"
        ]
        assert tracker.dropped == 0


def test_the_record_that_a_service_hung_on_is_the_first_of_the_next_way() -> None:
    online, disk = Fake(hangs="write", after=2), Fake()
    follow(online, disk)
    assert online.steps == [1, 2]
    assert disk.steps == [3, 4, 5, 6]


def test_an_error_counts_as_no_answer_and_is_told_in_one_line() -> None:
    online, disk = Fake(fails="write", after=1), Fake()
    _, told = follow(online, disk, patience=LONG)
    assert (online.steps, disk.steps) == ([1], [2, 3, 4, 5, 6])
    assert told == [
        "fake online failed (no write with a second line): it goes on on the disk, training goes on"
    ]


def test_after_the_last_way_records_are_dropped_counted_and_told_once() -> None:
    tracker, told = follow(Fake(fails="reach"), Fake(fails="open"), patience=LONG)
    assert tracker.dropped == 6
    assert [line for line in told if "records" in line] == [
        "fake: 6 records did not reach it; metrics.jsonl has them all"
    ]
    assert "it is off" in told[1]
    tracker.write(7, 0.0, {})
    tracker.close()
    assert len(told) == 3


def test_a_full_queue_drops_and_never_waits() -> None:
    """`write` returns although the back-end will never take anything."""
    patience = Patience(answer=30.0, start=30.0, end=0.05)
    tracker, told = follow(Fake(hangs="open"), steps=10, patience=patience, capacity=3)
    assert tracker.dropped == 10
    assert told[-1] == "fake: 10 records did not reach it; metrics.jsonl has them all"


def test_a_run_that_cannot_be_finished_holds_nobody() -> None:
    online = Fake(hangs="close")
    tracker, _ = follow(online, patience=Patience(answer=30.0, start=30.0, end=2.0))
    assert online.steps == [1, 2, 3, 4, 5, 6]
    assert tracker.dropped == 0


def test_a_library_that_calls_exit_does_not_end_the_process() -> None:
    class Leaving(Fake):
        def open(self) -> None:
            raise SystemExit(1)

    disk = Fake()
    follow(Leaving(), disk, patience=LONG)
    assert disk.steps == [1, 2, 3, 4, 5, 6]
