from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dream_sft.model import filling
from dream_sft.model.saving import save_dream
from dream_sft.train.exact_loading import load_exact
from dream_sft.train.exact_master import join
from tests.model.small import small_dream


def test_float32_weights_are_taken_over_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "PIECE_BYTES", 256)
    wide = small_dream()
    save_dream(wide, tmp_path / "wide", max_shard_bytes=4000)
    model, remainders = load_exact(tmp_path / "wide", "cpu")
    assert set(remainders) == set(wide.state_dict())
    for name, weight in model.named_parameters():
        assert torch.equal(join(weight.detach(), remainders[name]), wide.get_parameter(name)), name
    assert any(remainder.any() for remainder in remainders.values())


def test_bf16_weights_leave_no_remainder(tmp_path: Path) -> None:
    half = small_dream().to(torch.bfloat16)
    save_dream(half, tmp_path / "half")
    model, remainders = load_exact(tmp_path / "half", "cpu")
    assert remainders == {}
    for name, weight in model.named_parameters():
        assert torch.equal(weight, half.get_parameter(name))
