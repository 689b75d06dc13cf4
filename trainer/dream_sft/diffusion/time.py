"""The noise level t of each sequence: the probability that a response token is masked.

The official trainer draws t from (0, 1) without a floor (fsdp_sft_trainer.py); ours starts at
T_MIN, as LLaDA's and dLLM's do, because 1/t is a weight.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dream_sft.diffusion.noise import Purpose, bits64, to_unit, uniform

T_MIN = 1e-3
TimeKind = Literal["uniform", "low_discrepancy"]
# round(2^64 / golden ratio): steps of 0.6180339887... in units of 2^-64.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniform_times(seed: int, sample_ids: ArrayLike, epoch: int) -> NDArray[np.float64]:
    """t of each sample, independent and uniform on [T_MIN, 1)."""
    return _scale(uniform(seed, sample_ids, epoch, Purpose.TIME, 0))


def low_discrepancy_times(seed: int, places: ArrayLike, epoch: int) -> NDArray[np.float64]:
    """t = frac(offset(seed, epoch) + k * 0.6180339887...), k the place in the epoch's order.

    Any run of consecutive places covers [T_MIN, 1) evenly (Kronecker sequence of the golden
    ratio), so the mean loss of a step varies less. Exact: 64-bit integers, wrapping.
    """
    # Position 1 keeps the offset apart from the t (position 0) of a sample whose id is 0.
    offset = bits64(seed, 0, epoch, Purpose.TIME, 1)
    with np.errstate(over="ignore"):  # wrapping is the fractional part
        bits = offset + np.asarray(places).astype(np.uint64) * _GOLDEN
    return _scale(to_unit(bits))


def times(
    kind: TimeKind, seed: int, sample_ids: ArrayLike, places: ArrayLike, epoch: int
) -> NDArray[np.float64]:
    """t by the rule named `kind`; both arrays have one entry a sample."""
    if kind == "uniform":
        return uniform_times(seed, sample_ids, epoch)
    if kind == "low_discrepancy":
        return low_discrepancy_times(seed, places, epoch)
    raise ValueError(f"unknown t rule {kind!r}: use 'uniform' or 'low_discrepancy'")


def _scale(unit: NDArray[np.float64]) -> NDArray[np.float64]:
    # The product may round up to 1, which the interval excludes.
    return np.minimum(T_MIN + (1.0 - T_MIN) * unit, np.nextafter(1.0, 0.0))
