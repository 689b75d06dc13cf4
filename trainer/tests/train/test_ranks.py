"""Two gloo processes against one: the same order, and losses and weights as float32 allows."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from safetensors.torch import load_file

from dream_sft.train.ranks import Ranks
from tests.train.builders import Finished, Workshop, finish, run, start, until_step
from tests.train.sockets import LOOPBACK, listening

# Each starts several processes that load torch, half a minute a pair: run when asked for.
slow = pytest.mark.skipif(
    os.environ.get("DREAM_SFT_SLOW") != "1", reason="slow: DREAM_SFT_SLOW=1 runs it"
)

TEN: dict[str, Any] = {"training__steps": 10, "training__documentsPerMicroBatch": 2}
LORA: dict[str, Any] = {"training__method": "lora", "training__lora": {"rank": 4, "alpha": 8}}
KEPT: dict[str, Any] = {
    "training__fullMode": "kept",
    "training__basePrecision": "bf16",
    "training__precision": "bf16",
}


def gradients(rank: int, dtype: torch.dtype) -> list[torch.Tensor | None]:
    """Of a matrix that lies across, one without gradient on rank 1, a scalar and a vector."""
    draw = torch.Generator().manual_seed(rank)
    shapes = ((3, 5), (2, 2), (), (7,))
    made = [torch.randn(shape, generator=draw).to(dtype) for shape in shapes]
    return [made[0].t().contiguous().t(), None if rank else made[1], made[2], made[3]]


def one_of_two(rank: int, store: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    ranks = Ranks(rank, 2, bucket=4)
    for dtype in (torch.float32, torch.bfloat16):
        weights = []
        for gradient in gradients(0, dtype):
            assert gradient is not None
            weights.append(torch.zeros_like(gradient))
        for weight, gradient in zip(weights, gradients(rank, dtype), strict=True):
            weight.grad = gradient
        ranks.sum_gradients(weights)
        for weight, first, other in zip(
            weights, gradients(0, dtype), gradients(1, dtype), strict=True
        ):
            assert first is not None and weight.grad is not None
            total = first.float() + (0.0 if other is None else other.float())
            assert torch.equal(weight.grad, total.to(dtype))
    assert ranks.share(range(6)) == range(rank, 6, 2)
    assert [ranks.agree(wish) for wish in (False, rank == 1, True)] == [False, True, True]
    assert ranks.most(float(rank)) == 1.0
    ranks.close()


def test_gradients_are_summed_in_float32_over_buckets_and_wishes_agreed(tmp_path: Path) -> None:
    mp.spawn(one_of_two, (str(tmp_path / "store"),), nprocs=2)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's /proc")
def test_a_store_on_all_networks_would_be_seen() -> None:
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    assert not LOOPBACK.issuperset(listening(os.getpid()))
    del store


def trained(workshop: Workshop, name: str, ranks: int, **changes: Any) -> Finished:
    done = run(workshop.spec(name, **{**TEN, **changes}, training__worldSize=ranks))
    assert done.code == 0, done.stderr
    return done


def close(found: Finished, wanted: Finished, relative: float) -> None:
    assert found.metrics["orderHash"] == wanted.metrics["orderHash"]
    for key in ("loss", "gradientNorm", "lossAnswer"):
        values = [[event[key] for event in done.of("step")] for done in (found, wanted)]
        count = min(map(len, values))
        assert values[0][-count:] == pytest.approx(values[1][-count:], rel=relative)


def weights(workshop: Workshop, name: str) -> dict[str, torch.Tensor]:
    return load_file(workshop.root / name / "output/model.safetensors")


def close_weights(workshop: Workshop, relative: float, *names: str) -> None:
    """As one vector: the gradient of a key bias is all round-off (softmax does not see it), and
    AdamW makes every gradient as large as the others."""
    found, wanted = (weights(workshop, name) for name in names)
    assert found.keys() == wanted.keys()
    vectors = [torch.cat([part[k].double().flatten() for k in wanted]) for part in (found, wanted)]
    assert float((vectors[0] - vectors[1]).norm() / vectors[1].norm()) <= relative


@pytest.mark.parametrize(
    ("changes", "relative"),
    [
        pytest.param({}, 1e-5, id="plain"),
        pytest.param({"training__tokensPerMicroBatch": 128}, 1e-5, id="packed", marks=slow),
        pytest.param({**LORA, "training__tokensPerMicroBatch": 128}, 1e-5, id="lora", marks=slow),
        # Gradients are rounded to bf16 after every micro-batch.
        pytest.param(KEPT, 2e-2, id="kept", marks=slow),
        pytest.param(
            # Three micro-batches: one rank has nothing left in the second round.
            {"training__activationCheckpointing": "all", "training__documentsPerMicroBatch": 3},
            1e-5,
            id="recomputed",
            marks=slow,
        ),
    ],
)
def test_two_processes_train_what_one_trains(
    workshop: Workshop, changes: dict[str, Any], relative: float
) -> None:
    changes = {**TEN, **changes}
    spec = workshop.spec("by2", training__worldSize=2, **changes)
    process = start(spec, pipesize=4096)
    begun = until_step(process, 2)
    seen = Path("/proc/net/tcp").exists()
    listeners = listening(process.pid) if seen else list(LOOPBACK)
    two = finish(process)
    two.events[:0] = begun
    assert two.code == 0, two.stderr
    assert listeners and LOOPBACK.issuperset(listeners)
    one = trained(workshop, "by1", 1, **changes)
    close(two, one, relative)
    close_weights(workshop, relative, "by2", "by1")
    assert two.metrics["tokens"] == one.metrics["tokens"]
    # Rank 0 alone told it and wrote it down.
    assert len(two.of("started")) == len(two.of("ready")) == len(two.of("result")) == 1
    lines = (workshop.root / "by2/run/metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == list(range(1, 11))
    assert two.stderr.count("checkpoint step-5 written") == 1


@slow
@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_a_run_resumes_on_another_number_of_processes(
    workshop: Workshop, before: int, after: int
) -> None:
    straight = trained(workshop, "straight", before)
    trained(workshop, "cut", before, stopAfterSteps=6)
    resumed = trained(workshop, "resumed", after, resumeFrom="cut/checkpoints/step-5")
    assert resumed.of("resumed_inexactly")[0]["differences"] == [
        {"what": "world size", "checkpoint": str(before), "now": str(after)}
    ]
    close(resumed, straight, 1e-5)
    close_weights(workshop, 1e-5, "resumed", "straight")


@slow
def test_sigterm_to_the_launcher_stages_a_checkpoint_and_ends_with_75(workshop: Workshop) -> None:
    long: dict[str, Any] = {"training__steps": 400, "checkpoints__everySteps": None}
    spec = workshop.spec(**long, training__worldSize=2)
    process = start(spec, pipesize=4096)
    until_step(process, 5)
    process.send_signal(signal.SIGTERM)
    stopped = finish(process)
    assert stopped.code == 75, stopped.stderr
    ready, told = stopped.events[-2:]
    assert (ready["type"], told["type"]) == ("checkpoint-ready", "stopped")
    assert 5 <= ready["step"] < 400
    assert "Traceback" not in stopped.stderr
    begun: dict[str, Any] = {"training__worldSize": 2, "resumeFrom": ready["folder"]}
    resumed = run(workshop.spec(**long, **begun, stopAfterSteps=ready["step"] + 1))
    assert resumed.code == 0, resumed.stderr
    assert resumed.of("resumed_inexactly") == []


@slow
def test_an_error_of_all_ranks_is_told_once_with_its_own_exit_code(workshop: Workshop) -> None:
    wild: dict[str, Any] = {"training__learningRate": 1e30, "training__clipNorm": None}
    diverged = run(workshop.spec(**wild, training__worldSize=2))
    assert diverged.code == 66, diverged.stderr
    assert [event["reason"] for event in diverged.of("error")] == ["diverged"]
    assert diverged.events[0]["type"] == "started"
    assert "Traceback" not in diverged.stderr


@slow
def test_three_processes_share_rows_that_three_does_not_divide(workshop: Workshop) -> None:
    one, three = (trained(workshop, f"by{n}", n) for n in (1, 3))
    close(three, one, 1e-5)
    close_weights(workshop, 1e-5, "by3", "by1")


@slow
def test_fused_is_refused_on_several_cards(workshop: Workshop) -> None:
    refused = run(workshop.spec(**{**KEPT, "training__fullMode": "fused"}, training__worldSize=2))
    assert refused.code == 64, refused.stderr
    assert "worldSize 1" in refused.of("error")[0]["mistakes"][0]
    assert "Traceback" not in refused.stderr


@slow
@pytest.mark.parametrize("victim", ["rank", "launcher"])
def test_no_process_outlives_another(workshop: Workshop, victim: str) -> None:
    process = start(workshop.spec(training__steps=4000, training__worldSize=2), pipesize=4096)
    events = until_step(process, 3)
    if victim == "launcher":
        process.kill()
    else:
        os.kill(events[0]["pid"], signal.SIGKILL)
    # Reads to the end of the pipe, which every process of this training holds.
    assert process.stdout is not None
    rest = list(process.stdout)
    process.wait()
    if victim == "launcher":
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 1
        assert json.loads(rest[-1])["type"] == "error" and "resume" in rest[-1]


@slow
def test_an_error_of_one_rank_ends_all_with_its_exit_code(workshop: Workshop) -> None:
    """Only rank 0 writes checkpoints, so only rank 0 finds the disk full."""

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    full = run(workshop.spec(training__steps=4000, training__worldSize=2), preexec_fn=small_files)
    assert full.code == 69, full.stderr
    told = dict.fromkeys(("device", "tokenBudget", "tokens", "documents"))
    assert full.of("budget") == [{"type": "budget", "resource": "disk", **told}]
    assert [event["reason"] for event in full.of("error")] == ["resources"]
    assert "Traceback" not in full.stderr


@slow
def test_held_out_rows_are_measured_by_all_ranks_together(workshop: Workshop) -> None:
    data = workshop.root / "dataset"
    shutil.copy(data / "documents.safetensors", data / "held_out.safetensors")
    grid = {"training__validation": {"everySteps": 5, "tGrid": 3}}
    one, two = (trained(workshop, f"by{n}", n, **grid) for n in (1, 2))
    wanted, found = one.of("validation"), two.of("validation")
    assert len(wanted) == len(found) >= 2
    for before, after in zip(wanted, found, strict=True):
        assert (after["step"], after["grid"]) == (before["step"], before["grid"])
        assert after["nll"] == pytest.approx(before["nll"], rel=1e-5)
    lines = (workshop.root / "by2/run/metrics.jsonl").read_text().splitlines()
    records = [record for record in map(json.loads, lines) if "validation" in record]
    for record, event in zip(records, found, strict=True):
        assert record["step"] == event["step"]
        assert record["validation"]["nll"] == event["nll"]
