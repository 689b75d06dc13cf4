from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from dream_sft.train.compile_cache import (
    FILE,
    keep_compiled_code,
    load_compiled_code,
    save_compiled_code,
)

TRAINER = Path(__file__).resolve().parents[2]
_COMPILE = """
import sys
from pathlib import Path
from dream_sft.train.compile_cache import (
    keep_compiled_code, load_compiled_code, save_compiled_code, use_cached_graphs
)
from dream_sft.train.compilation import import_compiler
run_dir, checkpoint, act = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
keep_compiled_code(run_dir)
use_cached_graphs()
import_compiler()
import torch
from torch._dynamo.utils import counters
torch.set_num_threads(1)
if act == "load":
    assert load_compiled_code(checkpoint)
imported = set(sys.modules)
double = torch.compile(lambda x: (x * 2).sin() + 1, dynamic=True)
assert len(set(sys.modules) - imported) < 10  # hundreds, if the compiler were not there yet
assert torch.equal(double(torch.zeros(8)), torch.ones(8))
if act == "save":
    save_compiled_code(checkpoint)
print(counters["inductor"]["fxgraph_cache_hit"] + counters["aot_autograd"]["autograd_cache_hit"])
"""


def test_it_lies_beside_the_run_directory(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    folder = keep_compiled_code(tmp_path / "runs" / "full-train", environment)
    assert folder == tmp_path / "runs" / "compile-cache"
    assert folder.is_dir()
    assert environment == {
        "TORCHINDUCTOR_CACHE_DIR": str(folder),
        "TRITON_CACHE_DIR": str(folder / "triton"),
    }


def test_a_folder_of_the_users_stays(tmp_path: Path) -> None:
    mine = str(tmp_path / "mine")
    environment = {"TORCHINDUCTOR_CACHE_DIR": mine}
    assert keep_compiled_code(tmp_path / "runs" / "train", environment) == Path(mine)
    assert environment["TRITON_CACHE_DIR"] == str(Path(mine) / "triton")


def start(run_dir: Path, checkpoint: Path = Path("none"), act: str = "nothing") -> int:
    """Graphs that a fresh process found compiled."""
    known = {k: v for k, v in os.environ.items() if not k.startswith(("TORCHINDUCTOR", "TRITON"))}
    done = subprocess.run(
        [sys.executable, "-c", _COMPILE, str(run_dir), str(checkpoint), act],
        env={**known, "PYTHONPATH": str(TRAINER), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.usefixtures("compiler")
def test_a_second_process_with_another_run_directory_finds_the_compiled_graph(
    tmp_path: Path,
) -> None:
    assert start(tmp_path / "runs" / "smoke-train") == 0
    assert start(tmp_path / "runs" / "full-train") >= 1


@pytest.mark.usefixtures("compiler")
def test_another_host_finds_the_graphs_of_the_checkpoint(tmp_path: Path) -> None:
    checkpoint = tmp_path / "step-5"
    checkpoint.mkdir()
    assert start(tmp_path / "host-a" / "full-train", checkpoint, "save") == 0
    assert (checkpoint / FILE).stat().st_size > 1000
    assert start(tmp_path / "host-b" / "full-train", checkpoint, "load") >= 1


@pytest.mark.parametrize("content", [None, b"", b"no artifacts of any torch"])
def test_code_that_cannot_be_used_is_compiled_anew(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    assert not load_compiled_code(tmp_path)


def test_what_torch_cannot_pack_up_costs_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("cannot pickle")

    monkeypatch.setattr(torch.compiler, "save_cache_artifacts", fail)
    save_compiled_code(tmp_path)
    assert list(tmp_path.iterdir()) == []
