"""The layers' forward and backward pass over a packed row, recorded once and replayed.

Shape letters: B one row, L positions, D hidden width.

Python takes longer to ask for a layer's hundred kernels than a fast card takes to run them over a
short row: 4224 tokens of Dream 7B kept an H100 busy for half of the time. A CUDA graph asks once.
What a replay reads lies at fixed places: tokens, positions, the documents' lengths (attention by
cuDNN takes them as data), and gradients of the weights, into which every replay adds.

A row that has no recording of its own is replayed by one of its length whose plan takes more or
longer documents (`plan_for`): the lengths that it does not need are zero.

All graphs share one pool of memory, which is free again after each backward pass: a forward pass
must be followed by its backward pass before the next. So the pool holds what the largest row needs,
however many rows are recorded. What a graph costs itself is the driver's: 64 KiB a kernel up to
CUDA 12.4 and driver 550 (torch's notes on CUDAGraph trees), so a few hundred MiB a row there. That
memory returns with each graph; the pool's returns to the card when torch next empties its cache
after the last graph of the pool is gone (`releasePool`, `release_cached_blocks` in torch's
CUDACachingAllocator.cpp), which every recording begins with (torch.cuda.graph).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from dream_sft.model.cudnn_layout import Layout, PlanKey, key_of, layout_of, plan_for
from dream_sft.model.cudnn_plans import build_plans
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.network import Dream, RunLayer
from dream_sft.train.apart import compute_apart
from dream_sft.train.recordings import Recordings

# Three epochs of s1K record 20 to 45 pairs of row length and plan (bench/recorded_rows.py).
MOST_RECORDINGS = 64
# Of the card's memory, for what recordings cost beside their pool.
SHARE_FOR_RECORDINGS = 0.02

log = logging.getLogger("dream_sft.train")

_Shape = tuple[int, PlanKey]


@dataclass(frozen=True)
class _Recorded:
    forward: torch.cuda.CUDAGraph
    backward: torch.cuda.CUDAGraph
    layout: Layout


class GraphedLayers:
    """`Dream.hidden` for packed rows of at most `tokens` positions, by replay.

    Gradients of the trained weights must stay the tensors that they are from the first call on.
    """

    def __init__(self, model: Dream, tokens: int) -> None:
        config, device = model.config, model.lm_head.weight.device
        dtype = model.lm_head.weight.dtype
        self._model = model
        self._ids_BL = torch.zeros(1, tokens, dtype=torch.int64, device=device)
        self._positions_BL = torch.zeros_like(self._ids_BL)
        self._hidden_BLD = torch.zeros(1, tokens, config.hidden_size, dtype=dtype, device=device)
        self._gradient_BLD = torch.zeros_like(self._hidden_BLD)
        # So that autograd asks for a backward pass.
        self._anchor = torch.zeros((), device=device, requires_grad=True)
        self._most_bytes = int(
            SHARE_FOR_RECORDINGS * torch.cuda.get_device_properties(device).total_memory
        )
        self._recorded: Recordings[_Shape, _Recorded] = Recordings(
            MOST_RECORDINGS, self._most_bytes
        )
        self._pool = torch.cuda.graph_pool_handle()
        self._pool_is_filled = False
        self._recorded_with: RunLayer = model.run_layer
        self._warm = False

    def hidden(self, ids_BL: Tensor, positions_BL: Tensor, bounds: DocumentBounds) -> Tensor:
        """As `Dream.hidden`; the first row is computed without a graph, to compile and plan."""
        self._begin_anew_if_recomputation_changed()
        if not self._warm:
            self._warm = True
            return compute_apart(
                self._anchor,
                lambda: self._model.hidden(ids_BL, positions_BL=positions_BL, bounds=bounds),
            )
        length = ids_BL.shape[1]
        self._ids_BL[:, :length].copy_(ids_BL)
        self._positions_BL[:, :length].copy_(positions_BL)
        key = self._plan_key(length, bounds)
        known = plan_for((plan for other, plan in self._recorded if other == length), key)
        recorded = None if known is None else self._recorded.get((length, known))
        if known is None or recorded is None:
            self._fill_pool(length, ids_BL.device)
            recorded = self._add(length, key, bounds, layout_of(key, bounds, ids_BL.device))
        else:
            recorded.layout.become(layout_of(known, bounds, ids_BL.device))
        places = (self._hidden_BLD[:, :length], self._gradient_BLD[:, :length])
        hidden_BLD: Tensor = _Replay.apply(self._anchor, recorded, *places)  # type: ignore[no-untyped-call]
        return hidden_BLD

    def bytes_to_come(self) -> int:
        """What recordings of further rows may still take, beside the pool."""
        return max(self._most_bytes - self._recorded.nbytes, 0)

    def _begin_anew_if_recomputation_changed(self) -> None:
        """Layers that are computed again are other code: it is compiled outside a recording.

        In a pool of its own: torch records nothing into one whose last graph is gone.
        """
        if self._recorded_with is self._model.run_layer:
            return
        self._recorded.clear()
        self._pool, self._pool_is_filled = torch.cuda.graph_pool_handle(), False
        self._recorded_with, self._warm = self._model.run_layer, False

    def _fill_pool(self, length: int, device: torch.device) -> None:
        """What a shorter row needs fits into what the longest one left; a longer one would need
        all of its memory beside it."""
        longest = self._ids_BL.shape[1]
        if not self._pool_is_filled and length < longest:
            bounds = DocumentBounds.of([longest], device)
            key = self._plan_key(longest, bounds)
            self._add(longest, key, bounds, layout_of(key, bounds, device))
        self._pool_is_filled = True

    def _add(self, length: int, key: PlanKey, bounds: DocumentBounds, layout: Layout) -> _Recorded:
        build_plans(key)
        before = self._driver_bytes()
        recorded = self._record(length, key, bounds, layout)
        taken = max(self._driver_bytes() - before, 0)
        self._recorded.add((length, key), recorded, taken)
        self._tell(length, key, taken)
        return recorded

    def _tell(self, length: int, key: PlanKey, taken: int) -> None:
        kept = self._recorded
        # A handful of lines a run: the first, the second, the fourth, ...
        level = logging.INFO if kept.made.bit_count() == 1 else logging.DEBUG
        log.log(
            level,
            "recording %d: %d tokens, up to %d documents of up to %d; %.0f MiB beside the pool, "
            "%.0f of at most %.0f MiB for the %d kept, %d given up; torch holds %.2f GiB",
            kept.made, length, key.documents, key.longest, taken / 2**20, kept.nbytes / 2**20,
            self._most_bytes / 2**20, len(kept), kept.given_up,
            torch.cuda.memory_reserved() / 2**30,
        )  # fmt: skip

    @staticmethod
    def _driver_bytes() -> int:
        """Device memory in use that torch does not know of."""
        free, total = torch.cuda.mem_get_info()
        return total - free - torch.cuda.memory_reserved()

    def _plan_key(self, length: int, bounds: DocumentBounds) -> PlanKey:
        config, hidden = self._model.config, self._hidden_BLD
        q_LHK, k_LGK = (
            torch.empty(length, heads, config.head_dim, dtype=hidden.dtype, device="meta")
            for heads in (config.num_attention_heads, config.num_key_value_heads)
        )
        return key_of(q_LHK, k_LGK, bounds, hidden.device)

    def _record(
        self, length: int, key: PlanKey, bounds: DocumentBounds, layout: Layout
    ) -> _Recorded:
        fixed = DocumentBounds(bounds.cu_seqlens, bounds.longest, bounds.lengths, {key: layout})
        forward, backward = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
        # thread_local: a checkpoint that is being written must not disturb.
        how: dict[str, Any] = {"pool": self._pool, "capture_error_mode": "thread_local"}
        with torch.cuda.graph(forward, **how):
            hidden_BLD = self._model.hidden(
                self._ids_BL[:, :length],
                positions_BL=self._positions_BL[:, :length],
                bounds=fixed,
            )
            self._hidden_BLD[:, :length].copy_(hidden_BLD.detach())
        with torch.cuda.graph(backward, **how):
            hidden_BLD.backward(self._gradient_BLD[:, :length])  # type: ignore[no-untyped-call]
        return _Recorded(forward, backward, layout)


class _Replay(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, anchor: Tensor, recorded: _Recorded, hidden_BLD: Tensor, gradient_BLD: Tensor
    ) -> Tensor:
        recorded.forward.replay()
        ctx.recorded, ctx.gradient_BLD = recorded, gradient_BLD
        return hidden_BLD.view_as(hidden_BLD)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_BLD: Tensor) -> tuple[None, None, None, None]:
        ctx.gradient_BLD.copy_(grad_BLD)
        ctx.recorded.backward.replay()
        return None, None, None, None
