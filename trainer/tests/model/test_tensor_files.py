from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from dream_sft.model import tensor_files
from dream_sft.model.tensor_files import TensorFile, write_tensors


def many() -> dict[str, Tensor]:
    """Every dtype, odd sizes, no entries, a scalar, a name that JSON must escape."""
    random = torch.Generator().manual_seed(1)
    values = torch.randn(3, 5, generator=random)
    return {
        "z.float": values,
        "a.float": values[0].clone(),
        "half": values.to(torch.bfloat16),
        "third": values.to(torch.float16),
        "remainder": torch.arange(-7, 8, dtype=torch.int16),
        "double": values.double(),
        "whole": torch.arange(4),
        "int": torch.arange(3, dtype=torch.int32),
        "bytes": torch.arange(5, dtype=torch.uint8),
        "small": torch.arange(-2, 1, dtype=torch.int8),
        "flag": torch.tensor([True, False, True]),
        "eight": values.to(torch.float8_e4m3fn),
        "eight.5": values.to(torch.float8_e5m2),
        'na"me é': torch.ones(1),
        "scalar": torch.tensor(3.5),
        "none": torch.empty(0, 4),
    }


def same(one: Tensor, other: Tensor) -> bool:
    """Bit for bit; some dtypes cannot be compared as numbers."""
    flat = [tensor.reshape(-1).view(torch.uint8) for tensor in (one, other)]
    return (one.dtype, one.shape) == (other.dtype, other.shape) and torch.equal(*flat)


def test_the_bytes_are_those_of_the_library(tmp_path: Path) -> None:
    written = write_tensors(tmp_path / "ours", many(), {"format": "pt"})
    save_file(many(), tmp_path / "theirs", metadata={"format": "pt"})
    ours = (tmp_path / "ours").read_bytes()
    assert ours == (tmp_path / "theirs").read_bytes()
    assert written == {"size": len(ours), "sha256": hashlib.sha256(ours).hexdigest()}
    write_tensors(tmp_path / "plain", many())
    save_file(many(), tmp_path / "plain-theirs")
    assert (tmp_path / "plain").read_bytes() == (tmp_path / "plain-theirs").read_bytes()


def test_pieces_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensor_files, "PIECE_BYTES", 8)
    write_tensors(tmp_path / "file", many())
    for name, tensor in load_file(tmp_path / "file").items():
        assert same(tensor, many()[name]), name


def test_what_lies_in_another_order_in_memory_is_written_in_its_own(tmp_path: Path) -> None:
    turned = torch.arange(6).reshape(2, 3).t()
    write_tensors(tmp_path / "file", {"turned": turned})
    assert torch.equal(load_file(tmp_path / "file")["turned"], turned)


def test_reading_gives_forms_tensors_and_parts(tmp_path: Path) -> None:
    save_file(many(), tmp_path / "file")
    with TensorFile(tmp_path / "file") as file:
        assert sorted(file.names()) == sorted(many())
        for name, tensor in many().items():
            assert file.form(name) == (tensor.dtype, tuple(tensor.shape))
            assert same(file.tensor(name), tensor)
        part = torch.empty(4, dtype=torch.int16)
        file.read("remainder", 3, part)
        assert part.tolist() == [-4, -3, -2, -1]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    save_file(many(), path)
    whole = path.read_bytes()
    for content in (whole[:-1], whole[:20], b"", whole[:8] + b"x" + whole[9:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"file.safetensors is cut off or damaged"):
            TensorFile(path)


def test_a_file_that_shrinks_while_it_is_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    save_file({"x": torch.ones(1000)}, path)
    with TensorFile(path) as file:
        with path.open("r+b") as handle:
            handle.truncate(500)
        with pytest.raises(ValueError, match="cut off while it was read"):
            file.tensor("x")
