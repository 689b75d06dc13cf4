from __future__ import annotations

import threading
from typing import cast

import pytest

from dream_sft.train.micro_batches import GlobalBatch
from dream_sft.train.prefetch import Prefetcher


class Source:
    """Batches that are their step number; step 4 cannot be made."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.threads: set[int] = set()
        self.began = {step: threading.Event() for step in range(1, 9)}

    def batch(self, step: int) -> GlobalBatch:
        self.asked.append(step)
        self.threads.add(threading.get_ident())
        self.began[step].set()
        if step == 4:
            raise ValueError("row 17 is damaged")
        return cast(GlobalBatch, step)


@pytest.fixture
def source() -> Source:
    return Source()


def test_the_next_step_is_made_ahead_in_one_other_thread(source: Source) -> None:
    batches = Prefetcher(source, last_step=3)
    try:
        assert cast(int, batches.batch(1)) == 1
        assert source.began[2].wait(10)  # nobody asked for it yet
        assert [cast(int, batches.batch(step)) for step in (2, 3)] == [2, 3]
    finally:
        batches.close()
    assert source.asked == [1, 2, 3]  # each once, none after the last
    assert len(source.threads) == 1 and threading.get_ident() not in source.threads


def test_an_error_is_raised_by_its_own_step(source: Source) -> None:
    batches = Prefetcher(source, last_step=8)
    try:
        assert cast(int, batches.batch(3)) == 3
        assert source.began[4].wait(10)
        with pytest.raises(ValueError, match="row 17"):
            batches.batch(4)
        assert cast(int, batches.batch(5)) == 5
    finally:
        batches.close()


def test_any_step_may_be_asked_for(source: Source) -> None:
    batches = Prefetcher(source, last_step=8)
    try:
        assert [cast(int, batches.batch(step)) for step in (1, 7, 2)] == [1, 7, 2]
    finally:
        batches.close()
