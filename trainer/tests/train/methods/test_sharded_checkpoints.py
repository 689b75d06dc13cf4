"""Two ranks' checkpoint, copied or straight from their memory, has the bytes of one rank's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from dream_sft.io.files import sha256_file
from dream_sft.model.weights import load_dream
from dream_sft.train.capture import Capture
from dream_sft.train.methods.plain import PlainFineTuning
from dream_sft.train.methods.sharded import ShardedFineTuning
from dream_sft.train.ranks import Ranks
from dream_sft.train.sharding import load_sharded
from tests.train.methods.test_accumulation import TRAINING

slow = pytest.mark.skipif(
    os.environ.get("DREAM_SFT_SLOW") != "1", reason="slow: DREAM_SFT_SLOW=1 runs it"
)
CPU = torch.device("cpu")


def files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.suffix == ".safetensors")
    return {str(path.relative_to(folder)): sha256_file(path) for path in found}


def one_of_two(rank: int, root: Path) -> None:
    torch.set_num_threads(1)
    store = f"file://{root / 'store'}"
    dist.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    ranks, base = Ranks(rank, 2), root / "base"
    method = ShardedFineTuning(
        load_sharded(base, CPU, ranks, narrow=False), dict(TRAINING), base, ranks=ranks
    )
    # A one-rank checkpoint is read row by row, then written again in both ways.
    assert method.restore(root / "alone", 3) == []
    for way in ("copied", "direct"):
        capture = Capture(method, root / way, CPU, ranks)
        capture.prepare()
        assert not capture.direct
        capture.direct = way == "direct"
        taken = capture.take(3)
        target = root / way / (".step-3.1.tmp" if ranks.first else "step-3")
        if taken.written is None:
            target.parent.mkdir(exist_ok=True)
            if ranks.first:
                target.mkdir()
            method.write(target, taken.weights, taken.moments)
        elif ranks.first:
            taken.written.rename(target)
        else:
            shutil.rmtree(taken.written)
        assert ranks.agree(True)
        if ranks.first:
            assert files(target) == files(root / "alone"), way
    output = root / "output"
    if ranks.first:
        method.export(output)
        assert method.weights_sha256() == (root / "sha256").read_text()
    else:
        method.join_export(output)
    ranks.close()


@slow
def test_two_ranks_write_what_one_writes(parts: Path, tmp_path: Path) -> None:
    shutil.copytree(parts, tmp_path, dirs_exist_ok=True)
    model = load_dream(tmp_path / "base")
    method: Any = PlainFineTuning(model, dict(TRAINING), tmp_path / "base")
    draw = torch.Generator().manual_seed(1)
    for _ in range(3):
        for weight in model.parameters():
            weight.grad = torch.randn(weight.shape, generator=draw)
        method._optimizer.step(0.0)  # moments, and the base's weights
    folder = tmp_path / "alone"
    folder.mkdir()
    method.write(folder, dict(method.weights()), dict(method.moments()))
    assert len(files(folder)) == 2
    (tmp_path / "sha256").write_text(method.weights_sha256())
    mp.spawn(one_of_two, (tmp_path,), nprocs=2)
    # Nothing of the meeting is left.
    assert [p for p in tmp_path.rglob(".*.tmp") if "rows" in p.name] == []
    assert files(tmp_path / "output") != {}
