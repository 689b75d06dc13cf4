from __future__ import annotations

import json

from dream_sft.train.spikes import GradientSpikes
from tests.train.builders import Workshop, run


def counts(norms: list[float]) -> list[int]:
    spikes = GradientSpikes()
    return [spikes.note(norm) for norm in norms]


def test_over_five_times_the_median_is_a_spike_and_exactly_five_times_is_none() -> None:
    assert counts([1.0] * 20 + [5.0, 5.01, 1.0, 40.0])[-4:] == [0, 1, 1, 2]


def test_too_few_norms_say_nothing() -> None:
    assert counts([1.0] * 9 + [100.0])[-1] == 0
    assert counts([1.0] * 10 + [100.0])[-1] == 1


def test_the_median_is_of_the_last_fifty() -> None:
    """After 50 steps at a new level the old one is forgotten."""
    risen = counts([1.0] * 50 + [10.0] * 50 + [20.0, 51.0])
    assert risen[49] == 0
    # 25 tens beside 25 ones: the median is then 5.5, of which 10 is no five-fold.
    assert risen[99] == 25
    assert risen[-2:] == [25, 26]


def test_steps_without_a_gradient_do_not_lower_the_median() -> None:
    assert counts([1.0] * 10 + [0.0] * 40 + [4.0])[-1] == 0


def test_a_resume_counts_on() -> None:
    norms = [1.0 + n % 3 for n in range(40)] + [30.0, 2.0, 50.0, 1.0]
    straight = counts(norms)
    for cut in (5, 30, 41, 43):
        records = "".join(json.dumps({"gradientNorm": norm}) + "\n" for norm in norms[:cut])
        records += json.dumps({"step": cut, "validation": {"nll": 1.0}}) + "\n"
        resumed = GradientSpikes.of_records(records)
        assert resumed.count == (straight[cut - 1])
        assert [resumed.note(norm) for norm in norms[cut:]] == straight[cut:]
    assert straight[-1] == 2


def test_training_tells_spikes_and_its_start_and_counts_on_after_a_resume(
    begun: Workshop,
) -> None:
    straight = run(begun.spec("straight"))
    checkpoint = begun.newest()
    resumed = run(begun.spec(resumeFrom=checkpoint))
    assert resumed.code == 0, resumed.stderr
    records = (begun.root / "run/run/metrics.jsonl").read_text()
    # At this learning rate the tiny model's norm jumps within 30 steps.
    assert GradientSpikes.of_records(records).count > 0
    for done in (straight, resumed):
        assert done.metrics["gradientSpikes"] == GradientSpikes.of_records(records).count
        assert done.of("step")[-1]["gradientSpikes"] == done.metrics["gradientSpikes"]
    started = json.loads((begun.root / "run/run/startup.json").read_text())
    assert started["resumedFrom"] == checkpoint
    assert list(started["parts"]) == [
        "imports", "checks", "weights", "tryRow", "optimizerRestore", "firstStep",
    ]  # fmt: skip
    assert started["secondsToFirstStep"] >= resumed.of("ready")[0]["secondsToReady"]
