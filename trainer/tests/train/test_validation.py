"""The frozen grid is held-out rows, levels and masks, whatever else the run's settings say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch.nn import functional

from dream_sft.data.dataset import Dataset, Document, load_dataset, pack
from dream_sft.diffusion.loss import masked_loss
from dream_sft.diffusion.masking import Shape
from dream_sft.io.errors import DivergedError, SpecError
from dream_sft.io.events import check
from dream_sft.model.network import Dream
from dream_sft.model.weights import load_dream
from dream_sft.train.batches import Batches, GlobalBatch, MicroBatch, TokenIds
from dream_sft.train.state import TrainState
from dream_sft.train.validation import Validation, validate_after_step, validation_mask
from tests.train.builders import EOS, MASK

IDS = TokenIds(mask=MASK, eos=EOS, pad=EOS)
TRAINING: dict[str, Any] = {
    "seed": 1,
    "documentsPerStep": 4,
    "documentsPerMicroBatch": 3,
    "tokensPerMicroBatch": None,
    "t": "uniform",
    "eosTail": [0, 3],
    "weighting": "cart",
    "cartP": 0.1,
    "validation": {"atEpochEnd": True, "tGrid": 6},
}


@pytest.fixture(scope="module")
def held_out(parts: Path) -> Dataset:
    return load_dataset(parts / "dataset")


def made(held_out: Dataset, **changes: Any) -> Validation:
    return Validation(held_out, {**TRAINING, **changes}, IDS)


def settings(**changes: Any) -> dict[str, Any]:
    validation: dict[str, Any] = TRAINING["validation"]
    return {**validation, **changes}


def sum_nll(model: Dream) -> Any:
    @torch.no_grad()
    def over(micro_batches: Sequence[MicroBatch]) -> float:
        total = 0.0
        for micro in micro_batches:
            ids_BL = torch.from_numpy(micro.noised_BL)
            keep_BL = None if micro.keep_BL is None else torch.from_numpy(micro.keep_BL)
            hidden_BLD = model.hidden(ids_BL, keep_BL=keep_BL)
            total += float(masked_loss(model.head, hidden_BLD, micro.plan).parts_nll.sum())
        return total

    return over


def test_the_grid_depends_on_rows_and_levels_alone(held_out: Dataset) -> None:
    reference = made(held_out)
    same: list[dict[str, Any]] = [
        {"seed": 99, "eosTail": [5, 9], "t": "low_discrepancy", "weighting": "none"},
        {"documentsPerMicroBatch": 1},
        {"tokensPerMicroBatch": 128},
        {"tokensPerMicroBatch": 256, "worldSize": 2},
    ]
    for changes in same:
        other = made(held_out, **changes)
        assert other.grid == reference.grid
        assert [level.masked for level in other.levels] == [x.masked for x in reference.levels]
    backwards = [held_out.document(index) for index in reversed(range(len(held_out)))]
    turned = Dataset(folder=Path(), rows_file=Path("absent"), **pack(backwards))
    assert made(turned).grid == reference.grid
    fewer = Dataset(folder=Path(), rows_file=Path("absent"), **pack(backwards[1:]))
    assert made(fewer).grid != reference.grid
    assert made(held_out, validation=settings(tGrid=5)).grid != reference.grid


def test_levels_mask_their_share_of_every_response(held_out: Dataset) -> None:
    validation = made(held_out)
    assert [level.t for level in validation.levels] == [(k + 0.5) / 6 for k in range(6)]
    tokens = int((held_out.lengths - held_out.prompt_lengths + 1).sum())  # with the end token
    for level in validation.levels:
        spread = 4 * math.sqrt(tokens * level.t * (1 - level.t))
        assert abs(level.masked - tokens * level.t) < spread
        assert sum(len(micro.sample_ids) for micro in level.micro_batches) == len(held_out)


def test_masks_leave_the_prompt_and_differ_between_levels_and_rows() -> None:
    shape = Shape(prompt=30, answer=200, eos=1)
    one = validation_mask(5, 2, 0.5, shape)
    assert not one[:30].any() and one.any()
    assert np.array_equal(one, validation_mask(5, 2, 0.5, shape))
    assert not np.array_equal(one, validation_mask(5, 3, 0.5, shape))
    assert not np.array_equal(one, validation_mask(6, 2, 0.5, shape))


def test_a_cut_response_is_not_asked_for_an_end() -> None:
    ids = np.arange(1, 9, dtype=np.int32)
    data = Dataset(folder=Path(), rows_file=Path("absent"), **pack([Document(5, ids, 3, cut=True)]))
    level = made(data, validation=settings(tGrid=1)).levels[0]
    assert level.micro_batches[0].noised_BL.shape == (1, 8)


def test_nll_is_that_of_the_whole_logits(held_out: Dataset, parts: Path) -> None:
    """Against log-softmax over all positions of one document at a time."""
    model = load_dream(parts / "base")
    validation = made(held_out)
    expected = []
    for number, level in enumerate(validation.levels):
        total, count = 0.0, 0
        for index in range(len(held_out)):
            document = held_out.document(index)
            shape = Shape(document.prompt_length, len(document.ids) - document.prompt_length, 1)
            ids_L = torch.tensor([*document.ids.tolist(), EOS])
            masked_L = torch.from_numpy(validation_mask(document.sample_id, number, level.t, shape))
            with torch.no_grad():
                noised_BL = torch.where(masked_L, MASK, ids_L)[None]
                logits_LV = model.head(model.hidden(noised_BL))[0]
            shifted_LV = torch.cat([logits_LV[:1], logits_LV[:-1]])
            nll_L = functional.cross_entropy(shifted_LV, ids_L, reduction="none")
            total += float(nll_L[masked_L].sum())
            count += int(masked_L.sum())
        expected.append(total / count)
    result = validation.measure(sum_nll(model))
    np.testing.assert_allclose(cast(list[float], result.by_t), expected, rtol=1e-5)
    assert result.nll == pytest.approx(float(np.mean(expected)), rel=1e-5)


def test_a_level_that_masks_nothing_is_left_out_of_the_mean() -> None:
    data = Dataset(
        folder=Path(),
        rows_file=Path("absent"),
        **pack([Document(7, np.array([3, 4], np.int32), 1, cut=True)]),
    )
    validation = made(data, validation=settings(tGrid=32))
    result = validation.measure(lambda micro_batches: 2.0)
    assert {level.masked for level in validation.levels} == {0, 1}
    assert None in result.by_t and result.nll == 2.0


def test_due_at_epoch_ends_by_steps_and_at_the_last(held_out: Dataset) -> None:
    batches = Batches(held_out, {**TRAINING, "documentsPerStep": 7}, IDS)

    def steps(**changes: Any) -> list[int]:
        validation = made(held_out, validation=settings(**changes))
        return [n for n in range(1, 13) if validation.due(batches.batch(n), last_step=12)]

    assert len(held_out) == 24  # epochs end inside steps 4, 7 and 11
    assert steps() == [4, 7, 11, 12]
    assert steps(everySteps=5) == [4, 5, 7, 10, 11, 12]
    assert steps(everySteps=5, atEpochEnd=False) == [5, 10, 12]


def after(
    validation: Validation, state: TrainState, step: int, nll: float, *, ends_epoch: bool
) -> tuple[bool, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    masked = [level.masked for level in validation.levels]
    sums = iter([nll * count for count in masked])
    state.step = step
    batch = GlobalBatch(step, 1.0, [], [], 0, 0, ends_epoch)
    wanted = validate_after_step(
        validation, state, batch, 100, lambda micro_batches: next(sums), events.append
    )
    return wanted, events


def test_the_best_and_epoch_ends_want_a_checkpoint(held_out: Dataset) -> None:
    validation = made(held_out, validation=settings(everySteps=2))
    state = TrainState()
    wanted, events = after(validation, state, 2, 3.0, ends_epoch=False)
    assert wanted and state.marks().best and state.marks().nll == pytest.approx(3.0)
    check(events[0])
    assert (events[0]["step"], events[0]["best"], len(events[0]["nllByT"])) == (2, True, 6)
    assert after(validation, state, 3, 1.0, ends_epoch=False) == (False, [])  # not measured
    assert not state.marks().best and state.marks().nll is None
    wanted, events = after(validation, state, 4, 3.5, ends_epoch=False)
    assert not wanted and not events[0]["best"]
    wanted, events = after(validation, state, 6, 3.2, ends_epoch=True)
    assert wanted and not events[0]["best"] and state.marks().ends_epoch
    assert after(validation, state, 8, 2.5, ends_epoch=False)[0]
    assert state.best is not None and state.best.step == 8 and not state.marks().ends_epoch


def test_losses_on_another_grid_are_not_compared(held_out: Dataset) -> None:
    state = TrainState()
    after(made(held_out, validation=settings(everySteps=1)), state, 1, 1.0, ends_epoch=False)
    other = made(held_out, validation=settings(everySteps=1, tGrid=3))
    assert after(other, state, 2, 2.0, ends_epoch=False)[0]


def test_a_loss_that_is_not_finite_ends_training(held_out: Dataset) -> None:
    with pytest.raises(DivergedError, match="after step 3"):
        after(made(held_out), TrainState(), 3, float("nan"), ends_epoch=True)


def test_no_held_out_row_and_over_long_rows_are_refused(held_out: Dataset) -> None:
    empty = Dataset(folder=Path(), rows_file=Path("absent"), **pack([]))
    with pytest.raises(SpecError, match="holds no row out"):
        made(empty)
    long = Document(1, np.ones(128, np.int32), 3, cut=False)
    data = Dataset(folder=Path(), rows_file=Path("absent"), **pack([long]))
    with pytest.raises(SpecError) as info:
        made(data, tokensPerMicroBatch=128)
    assert info.value.mistakes == ["row 1: 129 tokens"]


def test_hundreds_of_rows_are_all_measured_once() -> None:
    documents = [Document(n, np.full(20, 3, np.int32), 4, cut=False) for n in range(150)]
    data = Dataset(folder=Path(), rows_file=Path("absent"), **pack(documents))
    for changes in ({"tokensPerMicroBatch": 256, "worldSize": 2}, {"documentsPerMicroBatch": 40}):
        for level in made(data, **changes).levels:
            seen = [sample for micro in level.micro_batches for sample in micro.sample_ids]
            assert sorted(seen) == list(range(150))
            assert len(level.micro_batches) % changes.get("worldSize", 1) == 0
            assert sum(micro.plan.masked for micro in level.micro_batches) == level.masked
