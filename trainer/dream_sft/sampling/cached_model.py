"""Dream with kept keys and values: whole rows, and windows of rows against what is kept.

Shape letters: B slots, F rows of a full pass, S padded positions, W window positions, Q positions
of a row that are read, D hidden width, N = B * W, H query heads, G key-value heads, K head width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dream_sft.model.network import Dream, Layer
from dream_sft.model.used_lengths import UsedLengths, attend_used, choose_used_kernel
from dream_sft.sampling.cache import KeyValues
from dream_sft.sampling.fused_layer import after_attention, before_attention, fuse


class CachedDream:
    """Passes of fixed shape, so that a row's numbers do not depend on who else is decoded.

    compiled: the parts around attention through torch.compile (one compilation a shape, chosen
    without timing kernels: another process, after a loss, makes the same code).
    fused: fewer, larger products (fused_layer.py); 1 % faster at 32 rows, 8 to 18 % at one.
    graphs: each pass as one CUDA graph (launches can cost more than what they compute).
    """

    def __init__(
        self,
        model: Dream,
        *,
        compiled: bool = False,
        graphs: bool = False,
        fused: bool = False,
    ) -> None:
        weight = model.lm_head.weight
        self.model, self.device = model, weight.device
        self.kernel = choose_used_kernel(weight.device, weight.dtype)
        self.graphs = graphs and weight.device.type == "cuda"
        self.compiled, self.fused = compiled, fused
        self._fused = [fuse(layer) if fused else None for layer in model.layers()]
        plain = (Layer.before_attention, Layer.after_attention, before_attention, after_attention)
        self._parts: tuple[Callable[..., Any], ...] = plain
        if compiled:
            self._parts = tuple(_compiled(part) for part in plain)
        self._replays: dict[object, Callable[..., Tensor]] = {}
        self.kept: KeyValues | None = None

    def open(self, slots: int, context: int) -> None:
        """Room for `slots` rows of at most `context` positions; what was kept before is gone."""
        if self.kept is not None and (self.kept.slots, self.kept.context) == (slots, context):
            return
        self.kept = None  # freed before the next is allocated, with the graphs that write there
        self._replays.clear()
        self.kept = KeyValues(self.model, slots, context)

    def full(
        self, ids_FS: Tensor, used_F: Tensor, read_FQ: Tensor, slots_F: Tensor | None
    ) -> Tensor:
        """Hidden states [F, Q, D] of whole rows at read_FQ; with slots_F, all keys and values are
        kept. The result is overwritten by the next call."""
        if slots_F is None:
            return self._run("bare", self._bare, ids_FS, used_F, read_FQ)
        return self._run("full", self._full, ids_FS, used_F, read_FQ, slots_F)

    def window(self, ids_BW: Tensor, start_B: Tensor, used_B: Tensor, read_BQ: Tensor) -> Tensor:
        """Hidden states [B, Q, D] at read_BQ within positions start..start+W-1 of every slot,
        whose keys and values replace those kept there. The result is overwritten by the next
        call."""
        return self._run("window", self._window, ids_BW, start_B, used_B, read_BQ)

    def _run(self, name: str, action: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
        if not self.graphs:
            return action(*inputs)
        key = (name, *(tuple(x.shape) for x in inputs))
        if key not in self._replays:
            self._replays[key] = captured(action, *inputs)
        return self._replays[key](*inputs)

    def _bare(self, ids_FS: Tensor, used_F: Tensor, read_FQ: Tensor) -> Tensor:
        return self._full(ids_FS, used_F, read_FQ, None)

    def _full(
        self, ids_FS: Tensor, used_F: Tensor, read_FQ: Tensor, slots_F: Tensor | None
    ) -> Tensor:
        length = ids_FS.shape[1]
        positions_S = torch.arange(length, device=self.device)[None]
        lengths = UsedLengths(used_F, length)

        def attend(layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            if slots_F is not None and self.kept is not None:
                self.kept.write_rows(layer, slots_F, k, v)
            return attend_used(q, k, v, lengths, self.kernel)

        return self._layers(ids_FS, positions_S, read_FQ, attend)

    def _window(self, ids_BW: Tensor, start_B: Tensor, used_B: Tensor, read_BQ: Tensor) -> Tensor:
        kept = self.kept
        assert kept is not None
        rows, width = ids_BW.shape
        positions_BW = start_B[:, None] + torch.arange(width, device=self.device)
        offsets_B1 = torch.arange(rows, device=self.device)[:, None] * kept.context
        places_N = (positions_BW + offsets_B1).flatten()
        lengths = UsedLengths(used_B, kept.context)
        kernel = self.window_kernel(rows)

        def attend(layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            kept.write_window(layer, places_N, k, v)
            return attend_used(q, *kept.of(layer), lengths, kernel)

        return self._layers(ids_BW, positions_BW, read_BQ, attend)

    def window_kernel(self, rows: int) -> str:
        """Folded where the rows alone fill a card (measured: half the time at 32 rows)."""
        name = self.kernel.partition("-")[0]
        return f"{name}-folded" if rows >= 8 or self.device.type == "cpu" else name

    def _layers(
        self, ids: Tensor, positions: Tensor, read: Tensor, attend: Callable[..., Tensor]
    ) -> Tensor:
        """Of the last layer every position's keys and values are kept, and only what is read is
        computed further: at 4 of 33 positions that saves one part in forty of a pass."""
        body = self.model.model
        read_of = (torch.arange(len(read), device=self.device)[:, None], read)
        x = body.embed_tokens(ids)
        cos, sin = body.rotary(positions, x.dtype)
        before, after, fused_before, fused_after = self._parts
        layers = list(zip(self.model.layers(), self._fused, strict=True))
        for number, (layer, fused) in enumerate(layers):
            if fused is None:
                q, k, v = before(layer, x, cos, sin)
            else:
                q, k, v = fused_before(layer, x, cos, sin, fused.qkv, fused.qkv_bias)
            if number == len(layers) - 1:
                x, q = x[read_of], q[read_of]
            mixed = attend(number, q, k, v)
            if fused is None:
                x = after(layer, x, mixed)
            else:
                x = fused_after(layer, x, mixed, fused.gate_up)
        out: Tensor = body.norm(x)
        return out


# Shapes that one process may compile; torch's own limit of 8 would fall back to other kernels in
# silence, at whichever shape comes ninth, and a row's tokens would depend on what came before it.
_MOST_SHAPES = 1024


def _compiled(part: Callable[..., Any]) -> Callable[..., Any]:
    torch._dynamo.config.recompile_limit = _MOST_SHAPES
    torch._dynamo.config.accumulated_recompile_limit = _MOST_SHAPES
    torch._dynamo.config.fail_on_recompile_limit_hit = True
    return torch.compile(part, dynamic=False, options={"deterministic": True})


def captured(action: Callable[..., Tensor], *like: Tensor, warm: int = 3) -> Callable[..., Tensor]:
    """`action` as a CUDA graph for inputs of these shapes; its result stays in one place."""
    static = [x.clone() for x in like]
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(warm):
            action(*static)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        out = action(*static)

    def replay(*inputs: Tensor) -> Tensor:
        for place, new in zip(static, inputs, strict=True):
            place.copy_(new)
        graph.replay()
        return out

    return replay
