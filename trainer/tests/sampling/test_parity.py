"""Histories of the official sampler, token for token."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from dream_sft.model.network import Dream
from dream_sft.model.weights import load_dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.sampler import sample


@pytest.fixture(scope="module")
def model(parity: Path) -> Dream:
    return load_dream(parity)


def config_of(case: dict[str, object]) -> SamplingConfig:
    renamed = {"alg": "order", "max_new_tokens": "maxNewTokens", "top_p": "topP", "top_k": "topK"}
    raw = {renamed.get(key, key): value for key, value in case.items() if key != "alg_temp"}
    return SamplingConfig.from_dict({**raw, "algTemp": case["alg_temp"], "stopAtEnd": False})


def test_every_history_equals_the_official_one(parity: Path, model: Dream) -> None:
    cases = json.loads((parity / "cases.json").read_text())
    expected = load_file(parity / "expected.safetensors")
    assert len(cases) == 27
    prompt = expected["gen.prompt"][0].tolist()
    different = []
    for name, case in cases.items():
        answers = sample(model, [prompt], [0], config_of(case), trace=True)
        assert answers.trace is not None
        history = np.concatenate(answers.trace.history)
        if not np.array_equal(history, expected[name][:, len(prompt) :]):
            different.append(name)
    assert different == []


def test_a_row_decodes_the_same_beside_longer_and_shorter_prompts(
    parity: Path, model: Dream
) -> None:
    case = json.loads((parity / "cases.json").read_text())["gen.entropy.steps8.top_pNone.top_kNone"]
    expected = load_file(parity / "expected.safetensors")
    prompt = expected["gen.prompt"][0].tolist()
    prompts = [prompt[:3], prompt, [*prompt, *prompt[::-1]]]
    answers = sample(model, prompts, [1, 2, 3], config_of(case), trace=True)
    assert answers.trace is not None
    history = np.stack([canvas[1] for canvas in answers.trace.history])
    official = expected["gen.entropy.steps8.top_pNone.top_kNone"][:, len(prompt) :]
    assert np.array_equal(history, official)
