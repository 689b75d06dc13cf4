from __future__ import annotations

import json

import pytest

from dream_sft.sampling.config import SamplingConfig, SamplingError


def test_a_run_specs_object_is_read() -> None:
    raw = json.loads(
        '{"order": "origin", "maxNewTokens": 32, "steps": 16, "blockLength": 8, "temperature": 0.2,'
        ' "topP": 0.9, "topK": null, "algTemp": null, "eps": 0.001, "stopAtEnd": false, "seed": 5}'
    )
    config = SamplingConfig.from_dict(raw)
    assert (config.order, config.max_new_tokens, config.steps) == ("origin", 32, 16)
    assert (config.block_length, config.blocks, config.top_p) == (8, 4, 0.9)
    assert (config.stop_at_end, config.seed) == (False, 5)
    assert SamplingConfig.from_dict({}) == SamplingConfig()


def test_every_mistake_at_once() -> None:
    raw = {"order": "best", "maxNewTokens": 30, "blockLength": 8, "steps": 0, "topP": 1.5}
    with pytest.raises(SamplingError) as caught:
        SamplingConfig.from_dict({**raw, "top_k": 3})
    for part in (
        "unknown setting 'top_k'",
        "order 'best' is none of",
        "blockLength 8 does not divide maxNewTokens 30",
        "steps 0 is below 1",
        "topP 1.5",
    ):
        assert any(part in mistake for mistake in caught.value.mistakes), part
    assert len(caught.value.mistakes) == 5


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"steps": 10, "blockLength": 64}, "steps 10 is no multiple of the 4 blocks"),
        ({"order": "origin", "algTemp": 0.5}, "algTemp has no meaning"),
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"temperature": "hot"}, "temperature must be a number"),
        ({"stopAtEnd": 1}, "stopAtEnd must be true or false"),
        ({"topK": 0}, "topK 0 is below 1"),
        ({"eps": 1}, "eps 1 is not between"),
        ({"blockLength": 0}, "blockLength 0 is below 1"),
        ({"wat": 1}, "unknown setting 'wat'"),
    ],
)
def test_impossible_settings_are_refused(raw: dict[str, object], words: str) -> None:
    with pytest.raises(SamplingError, match=words):
        SamplingConfig.from_dict(raw)
