from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import load_file

from dream_sft.diffusion.weighting import Weighting, cart_weights, token_weights

RULES = {
    "none": Weighting(kind="none"),
    "original": Weighting(kind="original"),
    "linear": Weighting(kind="linear"),
    "cart_p0.1": Weighting(kind="cart", cart_p=0.1),
    "cart_p0.3": Weighting(kind="cart", cart_p=0.3),
}


@pytest.mark.parametrize("name", RULES)
def test_weights_equal_the_official_ones(parity: Path, name: str) -> None:
    data = load_file(parity / "expected_loss.safetensors")
    rows = zip(data["masked"], data["t"], data[f"{name}.weight"], strict=True)
    for masked_L, t, official_L in rows:
        mine_L = token_weights(RULES[name], float(t), masked_L)
        np.testing.assert_allclose(mine_L, official_L, rtol=1e-6, atol=1e-7)
        assert mine_L.dtype == np.float32


@given(arrays(bool, st.integers(0, 60)), st.floats(0.01, 0.99))
def test_cart_equals_its_definition(masked: np.ndarray, p: float) -> None:
    length = len(masked)
    expected = [
        sum(
            0.5 * p * (1 - p) ** (abs(n - i) - 1) for i in range(length) if i != n and not masked[i]
        )
        for n in range(length)
    ]
    np.testing.assert_allclose(cart_weights(masked, p), expected, rtol=1e-9, atol=1e-12)


@given(arrays(bool, st.integers(1, 40)), st.floats(0.05, 0.95))
def test_cart_reads_the_same_from_both_ends(masked: np.ndarray, p: float) -> None:
    np.testing.assert_allclose(
        cart_weights(masked[::-1], p)[::-1], cart_weights(masked, p), rtol=1e-12
    )


@given(arrays(bool, st.integers(1, 40)), st.sampled_from(sorted(RULES)), st.floats(1e-3, 0.999))
def test_unmasked_tokens_weigh_nothing(masked: np.ndarray, name: str, t: float) -> None:
    weights = token_weights(RULES[name], t, masked)
    assert not weights[~masked].any()
    assert np.isfinite(weights).all() and (weights >= 0).all()


def test_settings_are_checked_whole() -> None:
    with pytest.raises(ValueError, match=r"'flat' is none of.*cart_p 0 is not between"):
        Weighting(kind="flat", cart_p=0)  # type: ignore[arg-type]
