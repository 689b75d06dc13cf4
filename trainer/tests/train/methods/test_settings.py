"""Settings that cannot go together are refused in sentences that say what to set."""

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
    "activationCheckpointing": "none",
    "attention": "auto",
    "worldSize": 1,
}


def test_what_goes_together_is_taken() -> None:
    for changes in (
        {},
        {"precision": "bf16"},
        {"method": "lora"},
        {"method": "lora", "basePrecision": "int8", "precision": "bf16"},
        {"fullMode": "fused", "basePrecision": "bf16", "precision": "bf16", "moments": "bf16"},
    ):
        check_settings({**PLAIN, **changes}, "cuda")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"method": "lora", "precision": "bf16"}, "fp32 with method lora computes in float32"),
        ({"method": "lora", "basePrecision": "fp8"}, "fp8 computes in bf16: set precision"),
        ({"method": "lora", "fullMode": "kept"}, "fullMode kept is for method full"),
        ({"basePrecision": "int8"}, "take method lora"),
        ({"moments": "bf16"}, "moments bf16 needs fullMode kept or fused"),
    ],
)
def test_each_mistake_has_its_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        check_settings({**PLAIN, **changes}, "cuda")
    assert any(sentence in mistake for mistake in caught.value.mistakes)


def test_every_mistake_is_told_at_once() -> None:
    wrong = {"attention": "varlen", "fullMode": "fused", "worldSize": 2, "moments": "bf16"}
    with pytest.raises(SpecError) as caught:
        check_settings({**PLAIN, **wrong, "betas": [0.9, 0.999]}, "cpu")
    assert len(caught.value.mistakes) == 4
