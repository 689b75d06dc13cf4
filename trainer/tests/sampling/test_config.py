from __future__ import annotations

import json

import pytest

from dream_sft.sampling.config import SamplingConfig, SamplingError
from dream_sft.sampling.presets import preset


def test_a_run_specs_object_is_read() -> None:
    raw = json.loads(
        '{"order": "origin", "reveal": "official", "cache": "none", "maxNewTokens": 32,'
        ' "steps": 16, "blockLength": 8, "temperature": 0.2,'
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
        ({"order": "origin", "steps": 256}, "reveal must be 'official'"),
        ({"order": "origin", "reveal": "official"}, "give steps"),
        ({"order": "origin", "reveal": "official", "tokensPerStep": 2}, "give steps, not tokens"),
        ({"steps": 8, "tokensPerStep": 1}, "steps and tokensPerStep say the same thing twice"),
        ({"reveal": "random"}, "reveal 'random' is none of left_to_right, official, confidence"),
        ({"cache": "always"}, "cache 'always' is none of none, every_step"),
        ({"algTemp": 0.5}, "algTemp draws positions by confidence"),
        ({"threshold": 0.9, "reveal": "confidence"}, "needs order 'maskgit_plus'"),
        ({"threshold": 0.9, "order": "maskgit_plus"}, "reveal must be 'official' or"),
        ({"threshold": 1.5}, "threshold 1.5 is not in"),
        ({"remask": 0.1}, "remask needs steps"),
        ({"blockLength": None}, "cache 'per_block' needs blockLength"),
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


def test_a_block_longer_than_the_canvas_is_the_canvas() -> None:
    config = SamplingConfig(max_new_tokens=6, steps=5)
    assert (config.block, config.blocks) == (6, 1)


def test_presets() -> None:
    assert preset("default") == SamplingConfig()
    default = preset("default", max_new_tokens=64)
    assert (default.block, default.reveal, default.cache) == (32, "left_to_right", "per_block")
    assert (default.temperature, default.steps, default.pace) == (0, None, "budget")
    published = preset("published", max_new_tokens=64, seed=3)
    assert (published.steps, published.blocks, published.cache) == (64, 1, "none")
    assert (published.temperature, published.top_p, published.reveal) == (0.1, 0.9, "official")
    assert published.seed == 3
    with pytest.raises(KeyError):
        preset("best")
