from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch.nn import functional

from dream_sft.diffusion.loss import LossPlan, divisor, masked_loss, plan_loss
from dream_sft.diffusion.masking import ANSWER, FIRST_EOS, PROMPT, TAIL
from dream_sft.diffusion.weighting import token_weights
from dream_sft.model.network import Dream
from dream_sft.model.weights import load_dream
from tests.diffusion.test_weighting import RULES
from tests.model.small import small_dream


@pytest.mark.parametrize("chunk", [1024, 7])
@pytest.mark.parametrize("name", RULES)
def test_loss_and_gradient_equal_the_official_ones(parity: Path, name: str, chunk: int) -> None:
    data = load_file(parity / "expected_loss.safetensors")
    ids_BL, masked_BL, t_B = (data[k] for k in ("input_ids", "masked", "t"))
    model = load_dream(parity)
    rows = zip(t_B.tolist(), masked_BL.numpy(), strict=True)
    weights_BL = np.stack([token_weights(RULES[name], t, row) for t, row in rows])
    parts_BL = np.where(data["loss_mask"].numpy(), ANSWER, PROMPT).astype(np.int8)
    plan = plan_loss(ids_BL.numpy(), masked_BL.numpy(), weights_BL, parts_BL)
    hidden_BLD = model.hidden(ids_BL.masked_fill(masked_BL, model.config.mask_token_id))
    sums = masked_loss(model.head, hidden_BLD, plan, chunk=chunk)
    loss = sums.total / divisor(
        "microbatch", global_masked=0, microbatch_masked=plan.masked, microbatches=1
    )
    loss.backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loss.detach()[None], data[f"{name}.loss"], rtol=2e-6, atol=0)
    q_proj = "model.layers.0.self_attn.q_proj.weight"
    grad = model.get_parameter(q_proj).grad
    torch.testing.assert_close(grad, data[f"{name}.grad.{q_proj}"], rtol=1e-4, atol=2e-6)
    assert model.lm_head.weight.grad is not None
    norm = model.lm_head.weight.grad.norm()[None]
    torch.testing.assert_close(norm, data[f"{name}.grad.lm_head.weight_norm"], rtol=1e-5, atol=0)


def small_batch(seed: int) -> tuple[Dream, torch.Tensor, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    ids_BL = random.integers(0, 38, (3, 10))
    masked_BL = random.random((3, 10)) < 0.5
    masked_BL[:, :2] = False
    weights_BL = random.random((3, 10)).astype(np.float32) * masked_BL
    row = [PROMPT, PROMPT, *[ANSWER] * 4, FIRST_EOS, TAIL, TAIL, TAIL]
    return (
        small_dream(), torch.from_numpy(ids_BL), masked_BL, weights_BL,
        np.array([row] * 3, np.int8),
    )  # fmt: skip


@given(st.integers(0, 20), st.integers(1, 12))
def test_the_sums_equal_full_shifted_logits(seed: int, chunk: int) -> None:
    model, ids_BL, masked_BL, weights_BL, parts_BL = small_batch(seed)
    noised_BL = ids_BL.masked_fill(torch.from_numpy(masked_BL), 39)
    plan = plan_loss(ids_BL.numpy(), masked_BL, weights_BL, parts_BL)
    with torch.no_grad():
        sums = masked_loss(model.head, model.hidden(noised_BL), plan, chunk=chunk)
        logits_BLV = model(noised_BL)
    shifted_BLV = torch.cat((logits_BLV[:, :1], logits_BLV[:, :-1]), dim=1)
    nll_BL = functional.cross_entropy(shifted_BLV.mT, ids_BL, reduction="none").numpy() * masked_BL
    np.testing.assert_allclose(sums.total, (nll_BL * weights_BL).sum(), rtol=1e-5)
    for part in (ANSWER, FIRST_EOS, TAIL):
        here = parts_BL == part
        assert plan.counts[part] == (masked_BL & here).sum()
        np.testing.assert_allclose(sums.parts_nll[part], nll_BL[here].sum(), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(
            sums.parts_weighted[part], (nll_BL * weights_BL)[here].sum(), rtol=1e-5, atol=1e-6
        )


def test_chunks_change_no_gradient() -> None:
    model, ids_BL, masked_BL, weights_BL, parts_BL = small_batch(3)
    plan = plan_loss(ids_BL.numpy(), masked_BL, weights_BL, parts_BL)
    grads = []
    for chunk in (100, 2):
        model.zero_grad()
        masked_loss(model.head, model.hidden(ids_BL), plan, chunk=chunk).total.backward()
        grads.append([w.grad.clone() for w in model.parameters() if w.grad is not None])
    for whole, cut in zip(*grads, strict=True):
        torch.testing.assert_close(whole, cut, rtol=1e-5, atol=5e-6)


def test_the_first_position_of_a_document_is_scored_by_its_own_row() -> None:
    masked_BL = np.array([[True, True, False, True, True]])
    starts_BL = np.array([[True, False, False, True, False]])
    ids_BL, weights_BL = np.arange(5)[None], np.ones((1, 5), np.float32)
    parts_BL = np.zeros((1, 5), np.int8)
    packed = plan_loss(ids_BL, masked_BL, weights_BL, parts_BL, starts_BL)
    assert packed.rows.tolist() == [0, 0, 3, 3]
    plain = plan_loss(ids_BL, masked_BL, weights_BL, parts_BL)
    assert plain.rows.tolist() == [0, 0, 2, 3]
    assert plain.targets.tolist() == [0, 1, 3, 4]


def test_rows_do_not_reach_into_the_row_before() -> None:
    masked_BL = np.ones((2, 3), bool)
    plan = plan_loss(
        np.zeros((2, 3), int), masked_BL, np.ones((2, 3), np.float32), np.zeros((2, 3), np.int8)
    )
    assert plan.rows.tolist() == [0, 0, 1, 3, 3, 4]


def test_nothing_masked_gives_zero_and_a_gradient_of_zero() -> None:
    model, ids_BL, masked_BL, weights_BL, parts_BL = small_batch(0)
    plan: LossPlan = plan_loss(ids_BL.numpy(), masked_BL & False, weights_BL, parts_BL)
    sums = masked_loss(model.head, model.hidden(ids_BL), plan)
    sums.total.backward()
    assert sums.total.item() == 0 and plan.masked == 0
    assert all(w.grad is None or not w.grad.any() for w in model.parameters())


def test_a_masked_prompt_is_refused() -> None:
    _, ids_BL, masked_BL, weights_BL, parts_BL = small_batch(0)
    masked_BL[0, 0] = True
    with pytest.raises(ValueError, match="prompt position is masked"):
        plan_loss(ids_BL.numpy(), masked_BL, weights_BL, parts_BL)


def test_divisors() -> None:
    counts = {"global_masked": 100, "microbatch_masked": 20, "microbatches": 4}
    assert divisor("global", **counts) == 100
    assert divisor("microbatch", **counts) == 80
    assert divisor("global", global_masked=0, microbatch_masked=0, microbatches=1) == 1
    with pytest.raises(ValueError, match="unknown normalisation"):
        divisor("rank", **counts)  # type: ignore[arg-type]
