"""Histories of the official sampler, token for token."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

from dream_sft.model.network import Dream
from dream_sft.model.weights import load_dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.sampler import sample
from dream_sft.sampling.trace import history


@pytest.fixture(scope="module")
def model(parity: Path) -> Dream:
    return load_dream(parity)


def config_of(case: dict[str, object], cache: str) -> SamplingConfig:
    renamed = {"alg": "order", "max_new_tokens": "maxNewTokens", "top_p": "topP", "top_k": "topK"}
    raw = {renamed.get(key, key): value for key, value in case.items() if key != "alg_temp"}
    ours = {"algTemp": case["alg_temp"], "stopAtEnd": False, "reveal": "official"}
    return SamplingConfig.from_dict({**raw, **ours, "blockLength": None, "cache": cache})


def decode(
    model: Dream, prompts: list[list[int]], config: SamplingConfig
) -> list[NDArray[np.int64]]:
    """The canvas of each prompt after every step."""
    answers = sample(model, prompts, range(len(prompts)), config, trace=True)
    assert answers.trace is not None and config.steps is not None
    mask = model.config.mask_token_id
    return [
        history(answers.trace.of(row), config.steps, config.max_new_tokens, mask)
        for row in range(len(prompts))
    ]


@pytest.mark.parametrize("cache", ["none", "every_step"])
def test_every_history_equals_the_official_one(parity: Path, model: Dream, cache: str) -> None:
    cases = json.loads((parity / "cases.json").read_text())
    expected = load_file(parity / "expected.safetensors")
    assert len(cases) == 27
    prompt = expected["gen.prompt"][0].tolist()
    different = []
    for name, case in cases.items():
        [made] = decode(model, [prompt], config_of(case, cache))
        if not np.array_equal(made, expected[name][:, len(prompt) :]):
            different.append(name)
    assert different == []


@pytest.mark.parametrize("cache", ["none", "every_step"])
def test_a_row_decodes_the_same_beside_longer_and_shorter_prompts(
    parity: Path, model: Dream, cache: str
) -> None:
    case = json.loads((parity / "cases.json").read_text())["gen.entropy.steps8.top_pNone.top_kNone"]
    expected = load_file(parity / "expected.safetensors")
    prompt = expected["gen.prompt"][0].tolist()
    prompts = [prompt[:3], prompt, [*prompt, *prompt[::-1]]]
    made = decode(model, prompts, config_of(case, cache))[1]
    official = expected["gen.entropy.steps8.top_pNone.top_kNone"][:, len(prompt) :]
    assert np.array_equal(made, official)
