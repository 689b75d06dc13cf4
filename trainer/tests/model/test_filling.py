from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from dream_sft.model import filling
from dream_sft.model.filling import Filler
from dream_sft.model.tensor_files import TensorFile


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    monkeypatch.setattr(filling, "PIECE_BYTES", 64)
    random = torch.Generator().manual_seed(1)
    tensors = {"wide": torch.randn(7, 11, generator=random), "none": torch.empty(0)}
    tensors["half"] = torch.randn(50, generator=random).to(torch.bfloat16)
    save_file(tensors, tmp_path / "file")
    return tensors


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_entries_come_in_pieces_and_are_cast(
    stored: dict[str, Tensor], tmp_path: Path, dtype: torch.dtype, device: str
) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU here")
    targets = {n: torch.full(t.shape, 9.0, dtype=dtype, device=device) for n, t in stored.items()}
    with TensorFile(tmp_path / "file") as file:
        Filler(targets).fill(file, list(stored))
    for name, tensor in stored.items():
        assert torch.equal(targets[name].cpu(), tensor.to(dtype)), name


def test_a_conversion_sees_every_entry_once_with_its_place(
    stored: dict[str, Tensor], tmp_path: Path
) -> None:
    seen = torch.zeros(77)

    def convert(name: str, start: int, entries: Tensor) -> Tensor:
        assert name == "wide"
        seen[start : start + entries.numel()] += 1
        return entries * 2

    targets = {"wide": torch.empty(7, 11)}
    with TensorFile(tmp_path / "file") as file:
        Filler(targets, convert).fill(file, ["wide"])
    assert torch.equal(targets["wide"], stored["wide"] * 2)
    assert torch.equal(seen, torch.ones(77))
