from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dream_sft.data.dataset import Dataset, Document, dataset_bytes, load_dataset
from dream_sft.diffusion.masking import EosTail, masked_response, tail_lengths
from dream_sft.diffusion.noise import Purpose, uniform
from dream_sft.train.batches import Batches, TokenIds
from tests.train.builders import EOS, MASK

IDS = TokenIds(mask=MASK, eos=EOS, pad=EOS)
TRAINING: dict[str, Any] = {
    "seed": 11,
    "documentsPerStep": 7,
    "documentsPerMicroBatch": 3,
    "t": "uniform",
    "eosTail": [1, 5],
    "weighting": "none",
    "cartP": 0.1,
}


@pytest.fixture(scope="module")
def dataset(parts: Path) -> Dataset:
    return load_dataset(parts / "dataset")


def test_every_epoch_sees_every_document_once_across_batch_boundaries(dataset: Dataset) -> None:
    batches = Batches(dataset, TRAINING, IDS)
    seen = Counter(
        (sample.epoch, sample.sample_id)
        for step in range(1, 25)
        for sample in batches.batch(step).samples
    )
    assert 7 * len(dataset) == 24 * 7  # whole epochs, though 7 does not divide 24
    assert set(seen.values()) == {1}
    assert len(seen) == 24 * 7


def test_a_step_is_the_same_however_it_is_reached(dataset: Dataset) -> None:
    straight = Batches(dataset, TRAINING, IDS)
    batch = [straight.batch(step) for step in range(1, 12)][-1]
    jumped = Batches(dataset, TRAINING, IDS).batch(11)
    assert [s.sample_id for s in batch.samples] == [s.sample_id for s in jumped.samples]
    assert [s.t for s in batch.samples] == [s.t for s in jumped.samples]
    for one, other in zip(batch.micro_batches, jumped.micro_batches, strict=True):
        assert np.array_equal(one.noised_BL, other.noised_BL)


def test_draws_for_whole_batches_equal_those_for_single_documents(dataset: Dataset) -> None:
    tail = EosTail(low=1, high=5)
    for sample in Batches(dataset, TRAINING, IDS).batch(4).samples:
        shape, of_sample = sample.shape, (sample.sample_id, sample.epoch)
        assert shape.eos == 1 + tail_lengths(tail, 11, *of_sample)
        draws_L = uniform(11, *of_sample, Purpose.MASK, np.arange(shape.length))
        assert np.array_equal(sample.masked_L, masked_response(draws_L < sample.t, shape))


def test_official_as_one_masks_the_end_tokens_together(dataset: Dataset) -> None:
    batches = Batches(dataset, {**TRAINING, "eosTail": "as_one"}, IDS)
    ends = []
    for step in range(1, 8):
        samples = batches.batch(step).samples
        assert len({s.shape.answer + s.shape.eos for s in samples}) == 1
        ends += [s.masked_L[s.shape.prompt + s.shape.answer :] for s in samples if s.shape.eos > 1]
    assert len(ends) > 5
    assert all(end.all() or not end.any() for end in ends)


def test_rows_are_padded_and_only_responses_are_masked(dataset: Dataset) -> None:
    batch = Batches(dataset, TRAINING, IDS).batch(1)
    assert [m.noised_BL.shape[0] for m in batch.micro_batches] == [3, 3, 1]
    assert batch.micro_batches[-1].keep_BL is None  # a single row needs no padding
    assert batch.masked == sum(int(s.masked_L.sum()) for s in batch.samples)
    assert batch.tokens == sum(s.shape.prompt + s.shape.answer + 1 for s in batch.samples)
    first = batch.micro_batches[0]
    assert first.keep_BL is not None
    for row, sample in enumerate(batch.samples[:3]):
        end = sample.shape.length
        noised = first.noised_BL[row]
        assert np.array_equal(noised[:end] == MASK, sample.masked_L)
        assert not first.keep_BL[row, end:].any() and (noised[end:] == EOS).all()
        assert not sample.masked_L[: sample.shape.prompt].any()


def test_a_cut_document_gets_no_end_token(tmp_path: Path) -> None:
    ids = np.arange(1, 9, dtype=np.int32)
    (tmp_path / "documents.safetensors").write_bytes(dataset_bytes([Document(5, ids, 3, True)]))
    (tmp_path / "conversion.json").write_text('{"version": 1}')
    data = load_dataset(tmp_path)
    for tail in ([1, 5], "official"):
        batch = Batches(data, {**TRAINING, "documentsPerStep": 1, "eosTail": tail}, IDS).batch(1)
        assert batch.samples[0].shape.eos == 0
        assert batch.samples[0].ids_L.tolist() == ids.tolist()
