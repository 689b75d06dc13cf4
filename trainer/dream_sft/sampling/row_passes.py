"""Which passes the rows of a step need, carried out in fixed shapes.

Shape letters: B slots, W window positions, D hidden width, F rows of a full pass, S padded
positions.
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

    def __init__(self, model: CachedDream, slots: Slots, counts: dict[str, int]) -> None:
        self.model, self.slots, self.counts = model, slots, counts
        self.cache = slots.config.cache
        self.policy = POLICIES[self.cache]
        self.full_rows = max(1, min(slots.size, _POSITIONS // slots.context))
        if self.cache != "none":
            model.open(slots.size, slots.context)
        width, weight = slots.config.block + 1, model.model.lm_head.weight
        form = (slots.size, width, model.model.config.hidden_size)
        self.hidden_BWD = torch.zeros(form, device=weight.device, dtype=weight.dtype)

    def hidden(self) -> Tensor:
        """Hidden states [B, W, D] of every live row's window, by the passes its policy asks for.

        Rows to commit get theirs too, which nobody reads. Overwritten by the next call.
        """
        slots = self.slots
        full_B = slots.live & ~slots.commit & self.policy.full(slots.block, slots.passes)
        slots.all_passes[slots.live] += 1
        if self.cache == "every_step":
            self._full(full_B)
            self.hidden_BWD = self._window(slots.live)
            return self.hidden_BWD
        # Windows first: a dummy spoils its own slot, which the full pass then writes anew.
        window_B = slots.live & ~full_B
        if window_B.any():
            self.hidden_BWD = self._window(window_B)
        if full_B.any():
            self._full(full_B)
        return self.hidden_BWD

    def _window(self, wanted_B: Mask) -> Tensor:
        kind = "commit" if (self.slots.commit | ~wanted_B).all() else "window"
        self.counts[kind] += 1
        ids_BW, start_B, used_B = (self._to(x) for x in self.slots.windows(wanted_B))
        return self.model.window(ids_BW, start_B, used_B)

    def _full(self, full_B: Mask) -> None:
        rows = [int(slot) for slot in np.flatnonzero(full_B)]
        first_B = self.slots.first_positions()
        width = self.hidden_BWD.shape[1]
        for at in range(0, len(rows), self.full_rows):
            part = rows[at : at + self.full_rows]
            spare = self.full_rows - len(part)
            ids_FS, used_F = self.slots.rows(part + part[:1] * spare)
            # Dummies repeat a row and write to the slot that nobody reads.
            slots_F = np.array(part + [self.slots.size] * spare)
            kept = None if self.cache == "none" else self._to(slots_F)
            hidden_FSD = self.model.full(self._to(ids_FS), self._to(used_F), kept)
            self.counts["full"] += 1
            for row, slot in enumerate(part):
                first = int(first_B[slot])
                self.hidden_BWD[slot] = hidden_FSD[row, first : first + width]

    def _to(self, array: NDArray[np.int64] | NDArray[np.int32]) -> Tensor:
        return torch.from_numpy(array).to(self.model.device)
