"""train.log tells a step in one line, and a validation in one of its own."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from dream_sft.train.step_log import StepLog

STEP: dict[str, Any] = {
    "step": 9,
    "totalSteps": 9,
    "epoch": 0.5,
    "loss": 1.25,
    "learningRate": 1e-4,
    "gradientNorm": 0.5,
    "tokensPerSecond": 100.0,
}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(logging.getLogger("dream_sft"), "propagate", True)
    caplog.set_level(logging.INFO, "dream_sft.train")
    return caplog


def test_a_step_without_masked_tokens_has_no_loss(lines: Any) -> None:
    StepLog(9).write(STEP, 1.0)
    StepLog(9).write({**STEP, "loss": None}, 1.0)
    assert "loss 1.2500  " in lines.messages[0]
    assert "loss none  " in lines.messages[1]


def test_a_validation_is_told_with_its_levels(lines: Any) -> None:
    by_t = [{"t": 0.25, "nll": 0.5, "maskedTokens": 3}, {"t": 0.75, "nll": None, "maskedTokens": 0}]
    StepLog(9).write_validation({"step": 3, "nll": 0.5, "nllByT": by_t, "best": True})
    assert lines.messages == ["step 3/9  validation NLL 0.5000 (best so far)  by t 0.25: 0.5000"]
