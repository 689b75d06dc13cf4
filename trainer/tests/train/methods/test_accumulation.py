from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import torch

from dream_sft.data.dataset import Dataset, load_dataset
from dream_sft.diffusion.loss import LEVELS
from dream_sft.io.errors import ResourceError
from dream_sft.model.network import Dream
from dream_sft.model.weights import load_dream, model_sha256
from dream_sft.train.batches import Batches, GlobalBatch, TokenIds
from dream_sft.train.methods.accumulation import micro_out_of_memory
from dream_sft.train.methods.plain import PlainFineTuning
from tests.train.builders import EOS, MASK, write_dataset

IDS = TokenIds(mask=MASK, eos=EOS, pad=EOS)
TRAINING: dict[str, Any] = {
    "seed": 2,
    "documentsPerStep": 8,
    "documentsPerMicroBatch": 8,
    "t": "low_discrepancy",
    "eosTail": [0, 3],
    "weighting": "cart",
    "cartP": 0.1,
    "normalise": "global",
    "clipNorm": 1.0,
    "precision": "fp32",
    "betas": [0.9, 0.95],
    "weightDecay": 0.0,
    "learningRate": 0.01,
}


def bench(
    model: Dream, dataset: Dataset, parts: Path, **changes: Any
) -> tuple[PlainFineTuning, Batches]:
    """What a single step needs; the rest of a run plays no part in it."""
    training = {**TRAINING, **changes}
    return PlainFineTuning(model, training, parts / "base"), Batches(dataset, training, IDS)


def gradient(parts: Path, step: int, **changes: Any) -> tuple[torch.Tensor, float]:
    model, data = load_dream(parts / "base"), load_dataset(parts / "dataset")
    method, batches = bench(model, data, parts, **changes)
    result = method.step(batches.batch(step), 0.01)
    flat = torch.cat([cast(torch.Tensor, w.grad).reshape(-1) for w in model.parameters()])
    return flat, result.loss


@pytest.mark.parametrize("per_micro", [1, 3, 5])
def test_accumulation_equals_one_large_batch(parts: Path, per_micro: int) -> None:
    whole, loss = gradient(parts, 2, clipNorm=None)
    cut, cut_loss = gradient(parts, 2, clipNorm=None, documentsPerMicroBatch=per_micro)
    assert cut_loss == pytest.approx(loss, rel=1e-5)
    torch.testing.assert_close(cut, whole, rtol=1e-4, atol=1e-6)


def test_mean_of_means_is_another_rule(parts: Path) -> None:
    """Else the test above would pass for a loss that ignores the counts."""
    _, loss = gradient(parts, 2, documentsPerMicroBatch=3)
    _, official = gradient(parts, 2, documentsPerMicroBatch=3, normalise="microbatch")
    assert official != pytest.approx(loss, rel=1e-4)


def test_gradient_is_clipped_and_its_norm_reported_before(parts: Path) -> None:
    free, _ = gradient(parts, 1, clipNorm=None)
    clipped, _ = gradient(parts, 1, clipNorm=0.01)
    assert float(free.norm()) > 0.02
    assert float(clipped.norm()) == pytest.approx(0.01, rel=1e-3)


def test_a_step_without_masked_tokens_updates_nothing(parts: Path) -> None:
    model = load_dream(parts / "base")
    method, _ = bench(model, load_dataset(parts / "dataset"), parts)
    before = model_sha256(model)
    empty = GlobalBatch(step=1, epoch=0.1, samples=[], micro_batches=[], masked=0, tokens=9)
    result = method.step(empty, 0.01)
    assert (result.loss, result.gradient_norm, result.parts) == (None, 0.0, [None, None, None])
    assert model_sha256(model) == before
    assert not method.moments()


def test_overfits_eight_documents(parts: Path, tmp_path: Path) -> None:
    """Every token of every document is learned by heart, whatever is masked."""
    torch.manual_seed(0)
    data = load_dataset(write_dataset(tmp_path / "eight", documents=8))
    method, batches = bench(load_dream(parts / "base"), data, parts, weighting="none")
    rates = [0.01] * 400 + [0.002] * 200
    losses = [method.step(batches.batch(n), rate).loss for n, rate in enumerate(rates, 1)]
    first, last = sum(losses[:20]) / 20, sum(losses[-20:]) / 20
    assert first > 1.5
    assert last < 0.002, last


def test_out_of_memory_advises_half_of_the_tokens(parts: Path) -> None:
    data = load_dataset(parts / "dataset")
    micro = bench(load_dream(parts / "base"), data, parts)[1].batch(1).micro_batches[0]
    host = micro_out_of_memory(
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough"), micro
    )
    gpu = micro_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"), micro)
    assert host is not None and gpu is not None
    assert (host.resource, gpu.resource) == ("host-memory", "gpu-memory")
    assert gpu.token_budget == micro.noised_BL.size // 2
    assert micro_out_of_memory(RuntimeError("shape mismatch"), micro) is None


def test_memory_that_runs_out_in_a_validation_advises_too(parts: Path) -> None:
    model = load_dream(parts / "base")
    method, batches = bench(model, load_dataset(parts / "dataset"), parts)
    micros = batches.batch(1).micro_batches

    def full(*_inputs: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    model.model.norm.register_forward_hook(full)
    with pytest.raises(ResourceError) as raised:
        method.nll(micros)
    assert raised.value.token_budget == micros[0].noised_BL.size // 2


def test_an_error_that_is_not_of_memory_leaves_a_step_as_it_was_raised(parts: Path) -> None:
    model = load_dream(parts / "base")
    method, batches = bench(model, load_dataset(parts / "dataset"), parts)
    lost = RuntimeError("CUDA error: an illegal memory access was encountered")

    def fail(*_inputs: object) -> None:
        raise lost

    model.model.norm.register_forward_hook(fail)
    with pytest.raises(RuntimeError) as raised:
        method.step(batches.batch(1), 0.01)
    assert raised.value is lost and lost.__cause__ is None


def test_nll_by_t_adds_up_to_the_nll_of_all_masked_tokens(parts: Path) -> None:
    model, data = load_dream(parts / "base"), load_dataset(parts / "dataset")
    method, batches = bench(model, data, parts, weighting="none", documentsPerMicroBatch=3)
    batch = batches.batch(1)
    result = method.step(batch, 0.0)
    counts = [0] * LEVELS
    for sample in batch.samples:
        counts[int(sample.t * LEVELS)] += int(sample.masked_L.sum())
    assert [value is None for value in result.nll_by_t] == [count == 0 for count in counts]
    total = sum((value or 0.0) * n for value, n in zip(result.nll_by_t, counts, strict=True))
    assert total / batch.masked == pytest.approx(result.loss, rel=1e-5)
