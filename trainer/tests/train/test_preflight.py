from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dream_sft.io.errors import SpecError, WeightsError
from dream_sft.model.filling import Filler
from dream_sft.train.preflight import check_base
from tests.train.builders import write_model

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Width 16, keys and values 8 wide, feed-forward 32; no weight of it may be read."""

    def never(*_: object) -> None:
        raise AssertionError("a weight is read")

    monkeypatch.setattr(Filler, "fill", never)
    return write_model(tmp_path / "base")


def lora(rank: int, modules: list[str] = MODULES) -> dict[str, Any]:
    return {"method": "lora", "lora": {"rank": rank, "modules": modules}}


@pytest.mark.parametrize("training", [lora(8), lora(16, ["q_proj", "down_proj"]), {}])
def test_what_fits_passes(base: Path, training: dict[str, Any]) -> None:
    check_base(base, training)


def test_a_rank_larger_than_matrices_names_them_all_and_ends_with_64(base: Path) -> None:
    with pytest.raises(SpecError) as caught:
        check_base(base, lora(9))
    assert caught.value.exit_code == 64
    assert caught.value.mistakes == [
        "lora.rank 9 exceeds the smaller side of k_proj, 8 x 16; take at most 8",
        "lora.rank 9 exceeds the smaller side of v_proj, 8 x 16; take at most 8",
    ]
    with pytest.raises(SpecError) as caught:
        check_base(base, lora(17))
    assert len(caught.value.mistakes) == len(MODULES)


def test_a_rank_does_not_matter_without_lora(base: Path) -> None:
    check_base(base, {**lora(99), "method": "full"})


def test_a_damaged_folder_ends_with_65(base: Path) -> None:
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(WeightsError) as caught:
        check_base(base, lora(4))
    assert caught.value.exit_code == 65 and "cut off" in caught.value.mistakes[0]
