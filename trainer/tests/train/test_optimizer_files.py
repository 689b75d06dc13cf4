"""Optimizer state through files: bit for bit, in bounded files, without a second copy."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from dream_sft.io.errors import DataError
from dream_sft.model.saving import save_dream
from dream_sft.train.exact_adamw import PREVIOUS_NORM, ExactAdamW
from dream_sft.train.exact_loading import load_exact
from dream_sft.train.exact_master import split
from dream_sft.train.optimizer_files import SINGLE, StoredTensors, write_optimizer
from tests.model.small import small_dream
from tests.train.fused import fused_over, fused_step, packed_micro, padded_micro

TRAINER = Path(__file__).resolve().parents[2]
TRAINING: dict[str, Any] = {"betas": [0.9, 0.95], "weightDecay": 0.01}


def state(seed: int = 1) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(seed)
    tensors = {f"exp_avg.{n}": torch.randn(n, 10, generator=random) for n in (1, 5, 9, 50)}
    tensors["remainder.1"] = torch.arange(-50, 50, dtype=torch.int16)
    tensors[PREVIOUS_NORM] = torch.tensor([1 / 3], dtype=torch.float64)
    return tensors


@pytest.mark.parametrize("limit", [1, 500, 10**9])
def test_files_are_bounded_described_and_read_back(tmp_path: Path, limit: int) -> None:
    entries = write_optimizer(tmp_path, state(), max_file_bytes=limit)
    assert [e["path"] for e in entries] == sorted(path.name for path in tmp_path.iterdir())
    assert (entries[0]["path"] == SINGLE) == (limit == 10**9)
    for entry in entries:
        content = (tmp_path / entry["path"]).read_bytes()
        assert entry["size"] == len(content)
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    with StoredTensors(tmp_path) as stored:
        assert set(stored) == set(state()) and len(stored) == len(state())
        for name, tensor in state().items():
            assert stored.form(name) == (tensor.dtype, tuple(tensor.shape))
            assert torch.equal(stored[name], tensor)
        targets = {name: torch.zeros_like(tensor) for name, tensor in state().items()}
        del targets["exp_avg.5"]
        stored.fill(targets)
        assert all(torch.equal(target, state()[name]) for name, target in targets.items())


def test_the_same_state_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, tensors in (("a", state()), ("b", dict(reversed(state().items())))):
        (tmp_path / name).mkdir()
        write_optimizer(tmp_path / name, tensors, max_file_bytes=500)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_every_missing_and_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        StoredTensors(tmp_path)
    assert caught.value.mistakes == ["optimizer.safetensors is missing"]
    write_optimizer(tmp_path, state(), max_file_bytes=500)
    files = sorted(tmp_path.iterdir())
    files[0].write_bytes(files[0].read_bytes()[:-1])
    files[-1].unlink()
    with pytest.raises(DataError) as caught:
        StoredTensors(tmp_path)
    assert f"{files[0].name} is cut off" in caught.value.mistakes[0]
    assert caught.value.mistakes[1] == f"{files[-1].name} is missing"


@pytest.mark.parametrize("moments", ["bf16", "fp32"])
@pytest.mark.parametrize("mode", ["kept", "fused"])
def test_a_checkpoint_of_an_exact_master_is_bit_equal_and_continues_so(
    tmp_path: Path, mode: str, moments: str
) -> None:
    training = {**TRAINING, "moments": moments}
    base = tmp_path / "base"
    save_dream(small_dream(), base)  # float32, so that remainders matter from the start
    model, remainders = load_exact(base, "cpu")
    optimizer = ExactAdamW(model, training, remainders)
    for step in range(2):
        one_step(mode, model, optimizer, step)

    saved = tmp_path / "saved"
    save_dream(model, saved, max_shard_bytes=4000)
    write_optimizer(saved, optimizer.moments(), max_file_bytes=6000)
    again, none = load_exact(saved, "cpu")
    assert none == {}
    resumed = ExactAdamW(again, training)
    with StoredTensors(saved) as stored:
        assert resumed.restore(stored, optimizer.updates) == []

    for _ in range(2):
        assert (resumed.updates, resumed.previous_norm) == (
            optimizer.updates,
            optimizer.previous_norm,
        )
        assert (resumed.previous_norm is None) == (mode == "kept")
        assert set(resumed.moments()) == set(optimizer.moments())
        for name, tensor in optimizer.moments().items():
            assert torch.equal(resumed.moments()[name], tensor), name
        for name, weight in model.named_parameters():
            assert torch.equal(again.get_parameter(name), weight), name
        one_step(mode, model, optimizer, 7)
        one_step(mode, again, resumed, 7)


def one_step(mode: str, model: Any, optimizer: ExactAdamW, step: int) -> None:
    if mode == "fused":
        micros = [padded_micro(60 + step), packed_micro(70 + step)]
        fused_step(fused_over(model, optimizer, clip=0.1), model, micros, 1e-3)
        return
    random = torch.Generator().manual_seed(step)
    for weight in model.parameters():
        weight.grad = torch.randn(weight.shape, generator=random).to(torch.bfloat16)
    optimizer.step(1e-3, 0.5)
    optimizer.zero_grad()


def test_a_checkpoint_before_any_update_keeps_the_remainders(tmp_path: Path) -> None:
    wide = small_dream()
    save_dream(wide, tmp_path)
    model, remainders = load_exact(tmp_path, "cpu")
    write_optimizer(tmp_path, ExactAdamW(model, TRAINING, remainders).moments())
    resumed = ExactAdamW(model, TRAINING)
    with StoredTensors(tmp_path) as stored:
        assert resumed.restore(stored, 0) == []
    for name, weight in wide.named_parameters():
        assert torch.equal(resumed.moments()[f"remainder.{name}"], split(weight.detach())[1])


def test_what_does_not_fit_is_told_without_reading_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_dream().to(torch.bfloat16)
    source = ExactAdamW(model, {**TRAINING, "moments": "bf16"})
    source.begin(1e-3)
    write_optimizer(tmp_path, source.moments())

    def never(*_: object) -> None:
        raise AssertionError("data is read")

    with StoredTensors(tmp_path) as stored:
        monkeypatch.setattr(type(stored._files[0]), "read", never)
        mistakes = ExactAdamW(model, {**TRAINING, "moments": "fp32"}).restore(stored, 1)
    assert len(mistakes) == 2 * len(list(model.parameters()))
    assert "exp_avg.lm_head.weight is bfloat16 [40, 16], expected float32 [40, 16]" in mistakes


MEASURE = """
import sys, json
from pathlib import Path
import torch
torch.set_num_threads(1)
from torch import nn
from dream_sft.train.exact_adamw import ExactAdamW
from dream_sft.train.optimizer_files import StoredTensors, write_optimizer

def status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(l.split()[1]) for l in lines if l.startswith(key)) * 1024

def peak(work):
    before = status("VmRSS")
    # Linux: the peak starts again from what is held now.
    Path("/proc/self/clear_refs").write_text("5")
    work()
    return status("VmHWM") - before

folder = Path(sys.argv[1])
weights = nn.Sequential(*[nn.Linear(4096, 4096, bias=False) for _ in range(3)])
weights = weights.to(torch.bfloat16)
training = {"betas": [0.9, 0.95], "weightDecay": 0.0, "moments": "bf16"}
optimizer = ExactAdamW(weights, training, piece=1 << 20)
for name, weight in weights.named_parameters():
    weight.grad = torch.ones_like(weight)
stepped = peak(lambda: optimizer.step(1e-3))
size = sum(t.nbytes for t in optimizer.moments().values())
written = peak(lambda: write_optimizer(folder, optimizer.moments(), max_file_bytes=80_000_000))
optimizer = ExactAdamW(weights, training)
with StoredTensors(folder) as stored:
    restored = peak(lambda: optimizer.restore(stored, 1))
print(json.dumps({"size": size, "stepped": stepped, "written": written, "restored": restored}))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
def test_writing_and_restoring_hold_no_second_copy(tmp_path: Path) -> None:
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(TRAINER), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    found = json.loads(measured.stdout)
    print({key: f"{value / 2**20:.0f} MiB" for key, value in found.items()})
    assert found["size"] > 280e6
    assert found["written"] < 0.2 * found["size"]
    # Of the three tensors a weight, the two moments are new; nothing else is held.
    assert found["restored"] < 1.1 * found["size"]
    # The moments themselves and temporaries of a piece; all weights in float32 are 192 MiB.
    assert found["stepped"] < found["size"] * 2 / 3 + 120 * 2**20
