from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.diffusion.noise import Purpose, bits64, philox, sample_id_of, uniform

U64 = st.integers(0, 2**64 - 1)

# Known answers of Random123 (tests/kat_vectors, philox4x32 10): counter, key, result.
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000",
     "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
     "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
     "d16cfe09 94fdcceb 5001e420 24126ea1"),
]  # fmt: skip


def words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_philox_gives_the_known_answers(counter: str, key: str, result: str) -> None:
    c = [np.array([word, 0], np.uint64) for word in words(counter)]
    k = words(key)
    out = philox((c[0], c[1], c[2], c[3]), (k[0], k[1]))
    assert [int(word[0]) for word in out] == words(result)


@given(seed=U64, sample=U64, epoch=st.integers(0, 2**24 - 1), purpose=st.sampled_from(Purpose))
def test_a_draw_depends_on_nothing_but_its_arguments(
    seed: int, sample: int, epoch: int, purpose: Purpose
) -> None:
    places = np.array([5, 0, 3, 2**32 - 1])
    together = uniform(seed, sample, epoch, purpose, places)
    alone = [float(uniform(seed, sample, epoch, purpose, int(p))) for p in places]
    assert together.tolist() == alone
    assert ((together >= 0) & (together < 1)).all()


@given(seed=U64, samples=st.lists(U64, min_size=1, max_size=5))
def test_samples_broadcast(seed: int, samples: list[int]) -> None:
    ids = np.array(samples, np.uint64)
    grid = bits64(seed, ids[:, None], 3, Purpose.MASK, np.arange(4)[None])
    for row, sample in enumerate(samples):
        assert (grid[row] == bits64(seed, sample, 3, Purpose.MASK, np.arange(4))).all()


def test_every_argument_matters() -> None:
    base = {"seed": 1, "sample_ids": 2, "epoch": 3, "purpose": Purpose.MASK, "positions": 4}
    changes = [{}, {"seed": 2}, {"seed": 1 + 2**32}, {"sample_ids": 3}, {"sample_ids": 2 + 2**32},
               {"epoch": 4}, {"purpose": Purpose.TIME}, {"positions": 5}]  # fmt: skip
    seen = {int(bits64(**{**base, **change})) for change in changes}  # type: ignore[arg-type]
    assert len(seen) == len(changes)


def test_draws_are_evenly_spread() -> None:
    counts = np.histogram(uniform(7, 1, 0, Purpose.MASK, np.arange(64_000)), 64, (0, 1))[0]
    # chi-square with 63 degrees of freedom passes 110 with probability 2e-4
    assert ((counts - 1000) ** 2 / 1000).sum() < 110


@pytest.mark.parametrize(
    ("seed", "epoch", "position"), [(-1, 0, 0), (2**64, 0, 0), (0, 2**24, 0), (0, 0, 2**32)]
)
def test_arguments_out_of_range_are_refused(seed: int, epoch: int, position: int) -> None:
    with pytest.raises(ValueError, match=r"seed|epoch|positions"):
        uniform(seed, 0, epoch, Purpose.MASK, position)


@given(st.text(st.characters(codec="utf-8")))
def test_sample_id_is_the_head_of_sha256(text: str) -> None:
    assert f"{sample_id_of(text):016x}" == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_purposes_keep_their_numbers() -> None:
    names = "ORDER TIME MASK EOS_TAIL CUTOFF SAMPLE_TOKEN SAMPLE_REVEAL SAMPLE_CHOICE"
    expected = {name: number for number, name in enumerate(names.split())}
    assert {p.name: p.value for p in Purpose} == {**expected, "VALIDATION": 9}
