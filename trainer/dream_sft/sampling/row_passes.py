"""Which passes the rows of a step need, carried out in fixed shapes.

Shape letters: B slots, Q positions of a slot that are read, W window positions, D hidden width,
F rows of a full pass, S padded positions.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dream_sft.sampling.cached_model import CachedDream
from dream_sft.sampling.policies import POLICIES
from dream_sft.sampling.slots import Mask, Slots

# A full pass takes as many rows as make about so many positions: a card is busy with them, and
# one row that needs it does not pay for many that do not.
_POSITIONS = 1024


class RowPasses:
    """The passes of one run over slots of one context; `counts` goes on over runs."""

    def __init__(self, model: CachedDream, slots: Slots, read: int, counts: dict[str, int]) -> None:
        self.model, self.slots, self.counts = model, slots, counts
        self.cache = slots.config.cache
        self.policy = POLICIES[self.cache]
        self.full_rows = max(1, min(slots.size, _POSITIONS // slots.context))
        if self.cache != "none":
            model.open(slots.size, slots.context)
        weight = model.model.lm_head.weight
        form = (slots.size, read, model.model.config.hidden_size)
        self.hidden_BQD = torch.zeros(form, device=weight.device, dtype=weight.dtype)

    def hidden(self, read_BQ: NDArray[np.int64]) -> Tensor:
        """Hidden states [B, Q, D] at read_BQ in every live row's window, by the passes its policy
        asks for.

        Rows to commit get theirs too, which nobody reads. Overwritten by the next call.
        """
        slots = self.slots
        full_B = slots.live & ~slots.commit & self.policy.full(slots.block, slots.passes)
        slots.all_passes[slots.live] += 1
        if self.cache == "every_step":
            self._full(full_B, read_BQ)
            self.hidden_BQD = self._window(slots.live, read_BQ)
            return self.hidden_BQD
        # Windows first: a dummy spoils its own slot, which the full pass then writes anew.
        window_B = slots.live & ~full_B
        if window_B.any():
            self.hidden_BQD = self._window(window_B, read_BQ)
        if full_B.any():
            self._full(full_B, read_BQ)
        return self.hidden_BQD

    def _window(self, wanted_B: Mask, read_BQ: NDArray[np.int64]) -> Tensor:
        kind = "commit" if (self.slots.commit | ~wanted_B).all() else "window"
        self.counts[kind] += 1
        ids_BW, start_B, used_B = (self._to(x) for x in self.slots.windows(wanted_B))
        return self.model.window(ids_BW, start_B, used_B, self._to(read_BQ))

    def _full(self, full_B: Mask, read_BQ: NDArray[np.int64]) -> None:
        rows = [int(slot) for slot in np.flatnonzero(full_B)]
        read_BQ = read_BQ + self.slots.first_positions()[:, None]
        for at in range(0, len(rows), self.full_rows):
            part = rows[at : at + self.full_rows]
            spare = self.full_rows - len(part)
            shown = part + part[:1] * spare
            ids_FS, used_F = self.slots.rows(shown)
            ids, used, read = (self._to(x) for x in (ids_FS, used_F, read_BQ[shown]))
            # Dummies repeat a row and write to the slot that nobody reads.
            slots_F = np.array(part + [self.slots.size] * spare)
            kept = None if self.cache == "none" else self._to(slots_F)
            hidden_FQD = self.model.full(ids, used, read, kept)
            self.counts["full"] += 1
            for row, slot in enumerate(part):
                self.hidden_BQD[slot] = hidden_FQD[row]

    def _to(self, array: NDArray[np.int64] | NDArray[np.int32]) -> Tensor:
        return torch.from_numpy(array).to(self.model.device)
