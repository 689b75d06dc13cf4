"""Counter-based noise: every draw is a pure function of what it is for.

Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11,
table 2), vectorised over positions. Nothing has state, so nothing needs saving to resume.

Counter words: position, (epoch << 8 | purpose), sample id low, sample id high. Key: the seed.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

UInt = NDArray[np.uint64]

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
MAX_EPOCH = 1 << 24


class Purpose(IntEnum):
    """What a draw decides. Numbers are part of every recorded run: never reuse or change one."""

    ORDER = 0
    TIME = 1
    MASK = 2
    EOS_TAIL = 3
    CUTOFF = 4
    SAMPLE_TOKEN = 5
    SAMPLE_REVEAL = 6
    SAMPLE_CHOICE = 7
    VALIDATION = 9


def philox(counter: tuple[UInt, UInt, UInt, UInt], key: tuple[int, int]) -> tuple[UInt, ...]:
    """Ten rounds over four 32-bit counter words (held in uint64 arrays of one shape)."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        product0, product2 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (product2 >> _HALF) ^ c1 ^ np.uint64(k0),
            product2 & _LOW,
            (product0 >> _HALF) ^ c3 ^ np.uint64(k1),
            product0 & _LOW,
        )
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def bits64(
    seed: int, sample_ids: ArrayLike, epoch: int, purpose: Purpose, positions: ArrayLike
) -> UInt:
    """64 random bits for each (sample id, position), broadcast against each other.

    seed and sample ids are unsigned 64-bit, positions 32-bit, epoch below 2^24 (a sampler
    counts its steps there). Raises ValueError outside these.
    """
    if not 0 <= seed < 1 << 64:
        raise ValueError(f"seed {seed} is not an unsigned 64-bit number")
    if not 0 <= epoch < MAX_EPOCH:
        raise ValueError(f"epoch {epoch} is not between 0 and {MAX_EPOCH - 1}")
    places = np.asarray(positions)
    if places.size and (int(places.min()) < 0 or int(places.max()) >= 1 << 32):
        raise ValueError("positions must lie between 0 and 2^32 - 1")
    ids, at = np.broadcast_arrays(np.asarray(sample_ids, np.uint64), places.astype(np.uint64))
    shared = np.full(at.shape, (epoch << 8) | int(purpose), np.uint64)
    words = philox((at, shared, ids & _LOW, ids >> _HALF), (seed & 0xFFFFFFFF, seed >> 32))
    bits: UInt = (words[0] << _HALF) | words[1]
    return bits


def uniform(
    seed: int, sample_id: ArrayLike, epoch: int, purpose: Purpose, positions: ArrayLike
) -> NDArray[np.float64]:
    """Uniform float64 in [0, 1) with 53 random bits, one for each position. See `bits64`."""
    return to_unit(bits64(seed, sample_id, epoch, purpose, positions))


def to_unit(bits: UInt) -> NDArray[np.float64]:
    """The top 53 of 64 bits as a float64 in [0, 1)."""
    unit: NDArray[np.float64] = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return unit


def sample_id_of(text: str) -> int:
    """A sample's 64-bit id: the first 8 bytes (big-endian) of the sha256 of its UTF-8 text."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big")
