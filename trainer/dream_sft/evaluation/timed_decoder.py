"""A decoder that counts and times what passes through it, for comparing ways of decoding."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from dream_sft.evaluation.run import Decoder
from dream_sft.sampling.requests import Decoded, Request


class TimedDecoder:
    """Decodes as `inner` does. `seconds` run only while it decodes: grading an answer and putting
    it on the disk are no part of them."""

    def __init__(self, inner: Decoder, clock: Callable[[], float] = time.perf_counter) -> None:
        self._inner, self._clock = inner, clock
        self.config, self.slots = inner.config, inner.slots
        self.seconds = 0.0
        self.answers = self.passes = self.steps = 0

    @property
    def key(self) -> dict[str, int | None]:
        """Key of the decoder inside."""
        return self._inner.key

    def decode(self, requests: Sequence[Request]) -> Iterator[Decoded]:
        """Answers as they are finished."""
        begun = self._clock()
        for decoded in self._inner.decode(requests):
            self.seconds += self._clock() - begun
            self.answers += 1
            self.passes += decoded.passes
            self.steps += decoded.steps
            yield decoded
            begun = self._clock()
