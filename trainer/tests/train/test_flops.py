from __future__ import annotations

import pytest

from dream_sft.model.config import DreamConfig
from dream_sft.train.flops import matmul_parameters, peak_flops, step_flops

DREAM_7B = DreamConfig(
    vocab_size=152064,
    hidden_size=3584,
    intermediate_size=18944,
    num_hidden_layers=28,
    num_attention_heads=28,
    num_key_value_heads=4,
    max_position_embeddings=131072,
    mask_token_id=151666,
    pad_token_id=151643,
    eos_token_id=151643,
    rope_theta=1e6,
    rms_norm_eps=1e-6,
)


def test_dream_7b_has_7_07_billion_matmul_parameters() -> None:
    # All 7,615,616,512 less the input embedding, the norms and the biases of q, k and v.
    biases = 28 * (3584 + 512 + 512)
    norms = 57 * 3584
    assert matmul_parameters(DREAM_7B) == 7_615_616_512 - 152064 * 3584 - biases - norms


@pytest.mark.parametrize(("length", "wanted"), [(1024, 43.7), (2048, 44.9), (4096, 47.4)])
def test_flops_a_token_of_full_fine_tuning(length: int, wanted: float) -> None:
    """The figures of notes on Dream 7B: 6 N + 12 * 28 * 3584 * L."""
    assert step_flops(DREAM_7B, [length], trained=True) / length / 1e9 == pytest.approx(
        wanted, abs=0.06
    )


def test_lora_does_two_thirds_of_it() -> None:
    full, lora = (step_flops(DREAM_7B, [700, 3000], trained=t) for t in (True, False))
    assert lora / full == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("speed", "length", "trained", "mfu"),
    [(6339, 2048, False, 0.192), (22650, 2048, False, 0.685), (10152, 2048, True, 0.461)],
)
def test_mfu_compares_with_the_baselines(
    speed: int, length: int, trained: bool, mfu: float
) -> None:
    """Tokens/s and MFU of runs on an H100 before this project, peft's among them."""
    a_token = step_flops(DREAM_7B, [length], trained=trained) / length
    assert speed * a_token / 989e12 == pytest.approx(mfu, abs=0.0006)


@pytest.mark.parametrize(("length", "low"), [(2048, 0.027), (4096, 0.052)])
def test_how_much_too_low_the_mfu_of_lora_is(length: int, low: float) -> None:
    """A card computes 12 L^2 D a layer for attention, whatever is trained."""
    counted = step_flops(DREAM_7B, [length], trained=False)
    left_out = 4.0 * 28 * 3584 * length**2
    assert left_out / counted == pytest.approx(low, abs=0.0006)


def test_cards_by_their_longest_name() -> None:
    assert peak_flops("NVIDIA H100 80GB HBM3") == 989e12
    assert peak_flops("NVIDIA H100 PCIe") == 756e12
    assert peak_flops("NVIDIA H20") == 148e12
    assert peak_flops("NVIDIA A100-SXM4-80GB") == 312e12
    assert peak_flops("NVIDIA GeForce RTX 3090") == 71e12
    assert peak_flops("NVIDIA GeForce RTX 4080") == 97.5e12


@pytest.mark.parametrize(
    "card",
    [
        "NVIDIA A10G",
        "NVIDIA RTX A1000",
        "NVIDIA GeForce RTX 3090 Ti",
        "NVIDIA GeForce RTX 4080 SUPER",
        "NVIDIA GeForce RTX 4090 Laptop GPU",
        "Some other card",
    ],
)
def test_a_card_whose_name_only_begins_like_another_has_no_peak(card: str) -> None:
    assert peak_flops(card) is None
