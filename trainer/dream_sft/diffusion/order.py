"""The order of samples in an epoch, and the running hash that proves two runs saw the same."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dream_sft.diffusion.noise import Purpose, bits64


def epoch_order(sample_ids: ArrayLike, seed: int, epoch: int) -> NDArray[np.int64]:
    """Indices into `sample_ids` in the order of this epoch.

    Samples are sorted by 64 random bits of (seed, epoch, sample id), ties by id: the sequence
    of ids is the same however the file was ordered. Equal ids (equal texts) keep file order.
    """
    ids = np.asarray(sample_ids, np.uint64)
    keys = bits64(seed, ids, epoch, Purpose.ORDER, 0)
    return np.lexsort((ids, keys)).astype(np.int64)


class OrderHash:
    """sha256 chained over (step, sample id, epoch, t, mask bits, learning rate).

    The state is 32 bytes, exported as hex into a checkpoint and restored from it.
    """

    def __init__(self, state: str | None = None) -> None:
        """Start anew, or from an exported state. Raises ValueError on a damaged one."""
        if state is None:
            self._state = hashlib.sha256(b"dream-sft order hash 1").digest()
            return
        try:
            self._state = bytes.fromhex(state)
        except ValueError as error:
            raise ValueError(f"order hash state {state!r} is not hexadecimal") from error
        if len(self._state) != 32:
            raise ValueError(f"order hash state has {len(self._state)} bytes, expected 32")

    def update(
        self,
        *,
        step: int,
        sample_id: int,
        epoch: int,
        t: float,
        mask: NDArray[np.bool_],
        learning_rate: float,
    ) -> None:
        """Add one sample of one step; `mask` is the document's mask bits [L]."""
        packed = struct.pack("<Q", mask.size) + np.packbits(mask).tobytes()
        record = struct.pack("<QQQdd", step, sample_id, epoch, t, learning_rate)
        digest = hashlib.sha256(packed).digest()
        self._state = hashlib.sha256(self._state + record + digest).digest()

    def hex(self) -> str:
        """The state so far, 64 hexadecimal digits."""
        return self._state.hex()
