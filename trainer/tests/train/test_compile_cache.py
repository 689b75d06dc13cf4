from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dream_sft.train.compile_cache import keep_compiled_code

TRAINER = Path(__file__).resolve().parents[2]
_COMPILE = """
import sys
from pathlib import Path
from dream_sft.train.compile_cache import keep_compiled_code, use_cached_graphs
keep_compiled_code(Path(sys.argv[1]))
use_cached_graphs()
import torch
from torch._dynamo.utils import counters
torch.set_num_threads(1)
double = torch.compile(lambda x: (x * 2).sin() + 1, dynamic=True)
assert torch.equal(double(torch.zeros(8)), torch.ones(8))
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


def start(run_dir: Path) -> int:
    """Graphs that a fresh process found compiled."""
    known = {k: v for k, v in os.environ.items() if not k.startswith(("TORCHINDUCTOR", "TRITON"))}
    done = subprocess.run(
        [sys.executable, "-c", _COMPILE, str(run_dir)],
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
