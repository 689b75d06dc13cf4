from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.tokens import distribution, draw

LOGITS = torch.tensor([[3.0, 1.0, 2.0, 0.0, -1.0]])


def test_nucleus_keeps_the_token_that_passes_top_p() -> None:
    full = LOGITS.softmax(-1)[0]
    assert full[0] < 0.65 < full[0] + full[2]
    kept = distribution(LOGITS, SamplingConfig(top_p=0.65))[0]
    assert (kept > 0).tolist() == [True, False, True, False, False]
    torch.testing.assert_close(kept[0] / kept[2], full[0] / full[2])


def test_a_tiny_nucleus_keeps_the_best_token() -> None:
    kept = distribution(LOGITS, SamplingConfig(top_p=1e-6))[0]
    assert kept.tolist() == [1, 0, 0, 0, 0]


def test_top_k_keeps_k_and_ties() -> None:
    assert (distribution(LOGITS, SamplingConfig(top_k=2))[0] > 0).sum() == 2
    assert (distribution(LOGITS, SamplingConfig(top_k=99))[0] > 0).all()
    tied = torch.tensor([[1.0, 1.0, 0.0]])
    assert (distribution(tied, SamplingConfig(top_k=1))[0] > 0).tolist() == [True, True, False]


def test_temperature_comes_before_the_filters() -> None:
    sharp = distribution(LOGITS, SamplingConfig(temperature=0.1, top_p=0.9))[0]
    assert (sharp > 0).tolist() == [True, False, False, False, False]


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20))
def test_a_draw_is_the_inverse_of_the_distribution(units: list[float]) -> None:
    probs_NV = LOGITS.softmax(-1).repeat(len(units), 1)
    tokens_N, drawn_N = draw(probs_NV, torch.tensor(units, dtype=torch.float64))
    upper = np.cumsum(probs_NV[0].double().numpy())
    for unit, token, prob in zip(units, tokens_N.tolist(), drawn_N.tolist(), strict=True):
        target = unit * upper[-1]
        assert target <= upper[token] and (token == 0 or upper[token - 1] <= target)
        assert prob == probs_NV[0, token]


def test_a_draw_never_takes_a_filtered_token() -> None:
    probs_NV = torch.tensor([[0.0, 0.5, 0.5, 0.0], [0.0, 0.5, 0.5, 0.0]])
    units = torch.tensor([0.0, np.nextafter(1.0, 0.0)], dtype=torch.float64)
    assert draw(probs_NV, units)[0].tolist() == [1, 2]


def test_no_number_takes_the_most_probable_token() -> None:
    tokens_N, drawn_N = draw(LOGITS.softmax(-1), None)
    assert tokens_N.tolist() == [0] and drawn_N[0] == LOGITS.softmax(-1)[0, 0]
