from __future__ import annotations

from dream_sft.evaluation.timed_decoder import TimedDecoder
from dream_sft.sampling.requests import Request
from tests.evaluation.made import CANVAS, Scripted


def test_the_clock_stands_still_while_somebody_else_works() -> None:
    inner = Scripted({(5,): [6], (7,): [8, 9]})
    now = 0.0

    def clock() -> float:
        return now

    decoder = TimedDecoder(inner, clock)
    seen = []
    for decoded in decoder.decode([Request([5], 1), Request([7], 2)]):
        seen.append(decoded.kept())
        now += 100.0  # grading takes its time
    assert seen == [[6], [8, 9]]
    assert decoder.seconds == 0.0
    assert (decoder.answers, decoder.passes, decoder.steps) == (2, 2 * CANVAS, 2 * CANVAS)
    assert (decoder.config, decoder.slots, decoder.key) == (inner.config, inner.slots, inner.key)


def test_decoding_is_timed() -> None:
    ticks = iter([1.0, 3.0, 10.0, 14.0])
    decoder = TimedDecoder(Scripted({(5,): [6], (7,): [8]}), lambda: next(ticks, 14.0))
    list(decoder.decode([Request([5], 1), Request([7], 2)]))
    assert decoder.seconds == (3.0 - 1.0) + (14.0 - 10.0)
