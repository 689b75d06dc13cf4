"""Counts gradient-norm spikes: a run whose loss looks fine may still have jumped."""

from __future__ import annotations

import json
import statistics
from collections import deque

_WINDOW = 50
_TIMES = 5.0
# A median of fewer says little; warm-up norms fall fast.
_AT_LEAST = 10


class GradientSpikes:
    """A spike is a norm over 5 times the median of the last 50 steps before it.

    Steps without a masked token have no gradient (norm 0) and do not count.
    """

    def __init__(self) -> None:
        self._norms: deque[float] = deque(maxlen=_WINDOW)
        self.count = 0

    @classmethod
    def of_records(cls, records: str) -> GradientSpikes:
        """As after the steps of a checkpoint's metrics.jsonl, so that a resume counts on."""
        spikes = cls()
        for line in records.splitlines():
            record = json.loads(line)
            if "gradientNorm" in record:  # not a validation's
                spikes.note(float(record["gradientNorm"]))
        return spikes

    def note(self, norm: float) -> int:
        """The norm of one more step, before clipping; returns the spikes so far."""
        if norm <= 0:
            return self.count
        if len(self._norms) >= _AT_LEAST and norm > _TIMES * statistics.median(self._norms):
            self.count += 1
        self._norms.append(norm)
        return self.count
