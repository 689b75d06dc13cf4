"""Recordings that are kept, those not used for longest given up first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Recording = TypeVar("Recording")


class Recordings(Generic[Key, Recording]):
    """At most `most` of them, which take at most `most_bytes`; the newest one is always kept."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[Key, tuple[Recording, int]] = OrderedDict()
        self.made = self.given_up = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._kept)

    @property
    def nbytes(self) -> int:
        return sum(size for _, size in self._kept.values())

    def get(self, key: Key) -> Recording | None:
        """Counts as a use."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def add(self, key: Key, recording: Recording, nbytes: int) -> None:
        """Room is made after it is there: a pool of memory must not lose its last graph."""
        self.made += 1
        self._kept[key] = (recording, nbytes)
        self._kept.move_to_end(key)
        while len(self) > 1 and (len(self) > self._most or self.nbytes > self._most_bytes):
            self._kept.popitem(last=False)
            self.given_up += 1

    def clear(self) -> None:
        self._kept.clear()
