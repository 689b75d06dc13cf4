"""Two ranks write one file together: the bytes are those of one process."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dream_sft.model.tensor_files import write_tensors
from dream_sft.train.optimizer_files import StoredTensors, write_optimizer
from dream_sft.train.ranks import Ranks
from dream_sft.train.sharding import StoredRows, rows_of, start_of
from dream_sft.train.shared_files import SharedFiles

WHOLE: dict[str, Tensor] = {
    "matrix": torch.arange(35.0).view(7, 5),
    "narrow": torch.arange(12, dtype=torch.float32).to(torch.bfloat16).view(4, 3),
    "vector": torch.arange(9, dtype=torch.int16),
    "single": torch.tensor([2.5], dtype=torch.float64),  # the last rank has no row of it
}


def rows(rank: int, count: int) -> dict[str, Tensor]:
    """As torch deals them."""
    dealt = {}
    for name, tensor in WHOLE.items():
        parts = torch.chunk(tensor, count)
        dealt[name] = parts[rank] if rank < len(parts) else tensor[:0]
    return dealt


def shapes() -> dict[str, Tensor]:
    return {name: torch.empty_like(tensor, device="meta") for name, tensor in WHOLE.items()}


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_rows_are_dealt_as_torch_cuts_them(count: int) -> None:
    for rank in range(count):
        ranks, dealt = Ranks(rank, count), rows(rank, count)
        for name, tensor in WHOLE.items():
            first, end = rows_of(tensor.shape[0], ranks)
            assert torch.equal(tensor[first:end], dealt[name])
            assert start_of(tensor.shape, ranks) == first * tensor[0].numel()


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("metadata", [None, {"format": "pt"}])
def test_a_shared_file_has_the_bytes_of_one_writer(
    tmp_path: Path, count: int, metadata: dict[str, str] | None
) -> None:
    def write(rank: int) -> None:
        files = SharedFiles(tmp_path / "meeting", rows(rank, count), Ranks(rank, count))
        files.write(tmp_path / "shared.safetensors", shapes(), metadata)

    others = [threading.Thread(target=write, args=(rank,)) for rank in range(1, count)]
    for other in others:
        other.start()
    write(0)
    for other in others:
        other.join()
    write_tensors(tmp_path / "alone.safetensors", WHOLE, metadata)
    alone = (tmp_path / "alone.safetensors").read_bytes()
    assert (tmp_path / "shared.safetensors").read_bytes() == alone


def test_the_first_rank_hears_of_a_disk_that_another_found_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = SharedFiles(tmp_path / "meeting", rows(1, 2), Ranks(1, 2))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(broken, "_put_rows", full)
        with pytest.raises(OSError, match="No space"):
            broken.write(tmp_path / "x.safetensors", shapes(), None)
    first = SharedFiles(tmp_path / "meeting", rows(0, 2), Ranks(0, 2))
    with pytest.raises(OSError, match="another rank could not write") as caught:
        first.write(tmp_path / "x.safetensors", shapes(), None)
    assert caught.value.errno == 28
    assert not (tmp_path / "x.safetensors").exists()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_rank_reads_its_rows_of_whole_files(tmp_path: Path, count: int) -> None:
    write_optimizer(tmp_path, WHOLE, max_file_bytes=100)
    assert len(list(tmp_path.iterdir())) > 1
    for rank in range(count):
        with StoredTensors(tmp_path) as stored:
            found = StoredRows(stored, Ranks(rank, count))
            assert set(found) == set(WHOLE) and len(found) == len(WHOLE)
            assert "matrix" in found and "other" not in found
            for name, wanted in rows(rank, count).items():
                assert found.form(name) == (wanted.dtype, tuple(wanted.shape))
                assert torch.equal(found[name], wanted)
