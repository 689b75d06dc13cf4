from __future__ import annotations

from typing import Any

import pytest

from dream_sft.io.torch_environment import prepare_environment

ALWAYS = {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}


@pytest.mark.parametrize(
    ("spec", "further"),
    [
        ({"command": "sample"}, {}),
        ({"training": {"deterministic": False}}, {}),
        ({"training": {"deterministic": True}}, {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}),
    ],
)
def test_what_must_be_set_before_torch(spec: dict[str, Any], further: dict[str, str]) -> None:
    environment: dict[str, str] = {}
    prepare_environment(spec, environment)
    assert environment == ALWAYS | further


def test_what_a_user_has_set_stays() -> None:
    environment = {"OMP_WAIT_POLICY": "ACTIVE", "CUBLAS_WORKSPACE_CONFIG": ":16:8"}
    prepare_environment({"training": {"deterministic": True}}, environment)
    assert environment["OMP_WAIT_POLICY"] == "ACTIVE"
    assert environment["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
