"""Settings that cannot go together are refused; each rule is in tests/io/test_shared_rules.py."""

from __future__ import annotations

from typing import Any

import pytest

from dream_sft.io.errors import SpecError
from dream_sft.train.methods.settings import check_settings

PLAIN: dict[str, Any] = {
    "method": "full",
    "fullMode": "plain",
    "basePrecision": "fp32",
    "precision": "fp32",
    "moments": "fp32",
    "betas": [0.9, 0.95],
    "eosTail": [0, 64],
    "activationCheckpointing": "none",
    "attention": "auto",
    "worldSize": 1,
}


def test_what_goes_together_is_taken() -> None:
    check_settings(PLAIN, "cpu")


def test_every_mistake_is_told_at_once() -> None:
    wrong = {"attention": "flex", "fullMode": "fused", "worldSize": 2, "moments": "bf16"}
    with pytest.raises(SpecError) as caught:
        check_settings({**PLAIN, **wrong, "betas": [0.9, 0.999]}, "cpu")
    assert [mistake.split(":")[0] for mistake in caught.value.mistakes] == [
        "training.basePrecision",
        "training.betas",
        "training.worldSize",
        "training.attention",
    ]
