"""Attention within documents by cuDNN: one call for the whole row, whatever the lengths.

Shape letters: L positions of the row, H query heads, G key-value heads, K head width, N documents
a plan is made for, S the longest document it takes.

cuDNN makes a plan for each (N, S) and takes the lengths themselves as data, so both are rounded
up to powers of two: few plans serve every row. Documents beyond the row's have no positions.
Through NVIDIA's Python front end (package nvidia-cudnn-frontend): what torch offers of cuDNN has
no lengths, and its own entry for them sized the backward's buffers wrongly until torch 2.13
(pytorch/pytorch pull request 186142).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.to_device import on_device

_TOKENS_MULTIPLE = 4096
_WIDEST_HEAD = 128
_OLDEST_CUDNN = 90600  # with lengths and packed rows both ways on SM80 and newer


class PlanKey(NamedTuple):
    """What a plan is made for. tokens bounds the row's length, for its buffers."""

    documents: int
    longest: int
    tokens: int
    heads: int
    kv_heads: int
    width: int
    dtype: torch.dtype
    device: int
    deterministic: bool


@dataclass(frozen=True)
class Layout:
    """lengths int32 [N, 1, 1, 1]; starts of each document in q and in k and v, in numbers, int32
    [N + 1, 1, 1, 1]."""

    lengths: Tensor
    q_starts: Tensor
    kv_starts: Tensor

    def become(self, other: Layout) -> None:
        """Takes over the other's numbers, at its own place in memory."""
        for mine, theirs in zip(_tables(self), _tables(other), strict=True):
            mine.copy_(theirs)


def usable(head_width: int) -> bool:
    """Whether card, front end and a cuDNN that takes lengths are there for heads so wide."""
    if head_width % 8 or head_width > _WIDEST_HEAD or torch.cuda.get_device_capability() < (8, 0):
        return False
    try:
        return _frontend() is not None and _frontend().backend_version() >= _OLDEST_CUDNN
    except RuntimeError:  # the front end is there, cuDNN itself is not
        return False


def attend_cudnn(q_LHK: Tensor, k_LGK: Tensor, v_LGK: Tensor, bounds: DocumentBounds) -> Tensor:
    """softmax(q k^T / sqrt(K)) v [L, H, K] over the keys of the query's own document."""
    out: Tensor = _CudnnAttention.apply(q_LHK, k_LGK, v_LGK, bounds)  # type: ignore[no-untyped-call]
    return out


class _CudnnAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, bounds: DocumentBounds) -> Tensor:
        q, k, v = (x.contiguous() for x in (q, k, v))
        key = key_of(q, k, bounds)
        if key not in bounds.memo:
            bounds.memo[key] = layout_of(key, bounds, q.device)
        layout = bounds.memo[key]
        out = torch.empty_like(q)
        stats_NHS1 = q.new_empty((key.documents, key.heads, key.longest, 1), dtype=torch.float32)
        _forward_plan(key).run([q, k, v, out, stats_NHS1, *_tables(layout)])
        ctx.key, ctx.layout = key, layout
        ctx.save_for_backward(q, k, v, out, stats_NHS1)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        q, k, v, out, stats_NHS1 = ctx.saved_tensors
        gradients = [torch.empty_like(x) for x in (q, k, v)]
        inputs = [q, k, v, out, grad.contiguous(), stats_NHS1]
        _backward_plan(ctx.key).run([*inputs, *gradients, *_tables(ctx.layout)])
        return gradients[0], gradients[1], gradients[2], None


def key_of(q_LHK: Tensor, k_LGK: Tensor, bounds: DocumentBounds) -> PlanKey:
    """The plan for this row."""
    tokens, heads, width = q_LHK.shape
    documents = 1 << (len(bounds.lengths) - 1).bit_length()
    rounded = -(-tokens // _TOKENS_MULTIPLE) * _TOKENS_MULTIPLE
    return PlanKey(
        documents,
        bounds.longest,
        rounded,
        heads,
        k_LGK.shape[1],
        width,
        q_LHK.dtype,
        q_LHK.device.index or 0,
        torch.are_deterministic_algorithms_enabled(),
    )


def build_plans(key: PlanKey) -> None:
    """Makes both plans now instead of on first use."""
    _forward_plan(key)
    _backward_plan(key)


def layout_of(key: PlanKey, bounds: DocumentBounds, device: torch.device) -> Layout:
    """The row's lengths as the plan wants them; to a GPU without waiting for it."""
    lengths = np.zeros(key.documents, np.int32)
    lengths[: len(bounds.lengths)] = bounds.lengths
    starts = np.concatenate([[0], np.cumsum(lengths)])
    q_starts, kv_starts = (starts * heads * key.width for heads in (key.heads, key.kv_heads))
    table = np.concatenate([lengths, q_starts, kv_starts]).astype(np.int32)
    # Each must begin at a multiple of 16 bytes, which the parts of one tensor would not.
    parts = np.split(table, [key.documents, 2 * key.documents + 1])
    return Layout(*(on_device(part.reshape(-1, 1, 1, 1), device) for part in parts))


def _tables(layout: Layout) -> list[Tensor]:
    return [layout.lengths, layout.q_starts, layout.kv_starts]


class _Plan:
    """A built graph and the tensors it wants, in the order of `run`'s."""

    def __init__(self, graph: Any, tensors: list[Any], device: int) -> None:
        self._graph, self._tensors, self._device = graph, tensors, device
        self._bytes = graph.get_workspace_size()

    def run(self, buffers: list[Tensor]) -> None:
        workspace = torch.empty(self._bytes, dtype=torch.uint8, device=buffers[0].device)
        handle = _handle(self._device)
        stream = torch.cuda.current_stream(self._device).cuda_stream
        _frontend().set_stream(handle=handle, stream=stream)
        pack = {
            tensor: buffer.data_ptr() for tensor, buffer in zip(self._tensors, buffers, strict=True)
        }
        self._graph.execute(pack, workspace.data_ptr(), handle=handle)


@cache
def _frontend() -> Any:
    try:
        import cudnn
    except (ImportError, OSError, AssertionError):  # its import looks for one cuDNN and loads it
        return None
    return cudnn


@cache
def _handle(device: int) -> Any:
    with torch.cuda.device(device):
        return _frontend().create_handle()


@cache
def _forward_plan(key: PlanKey) -> _Plan:
    names = ["q", "k", "v", "out", "stats"]
    graph, tables, ragged = _new_graph(key)
    q, k, v = (ragged(name, kind) for name, kind in zip(names, "qkk", strict=False))
    out, stats = graph.sdpa(
        q=q,
        k=k,
        v=v,
        generate_stats=True,
        attn_scale=key.width**-0.5,
        use_padding_mask=True,
        seq_len_q=tables[0],
        seq_len_kv=tables[0],
    )
    _as_output(out, key, key.heads, tables[1])
    form = [key.documents, key.heads, key.longest, 1]
    stats.set_output(True).set_dim(form).set_stride(
        [key.heads * key.longest, key.longest, 1, 1]
    ).set_data_type(_frontend().data_type.FLOAT)
    _build(graph)
    return _Plan(graph, [q, k, v, out, stats, *tables], key.device)


@cache
def _backward_plan(key: PlanKey) -> _Plan:
    graph, tables, ragged = _new_graph(key)
    q, k, v, out, grad = (ragged(*name) for name in ("qq", "kk", "vk", "oq", "gq"))
    stats = graph.tensor(
        name="stats",
        dim=[key.documents, key.heads, key.longest, 1],
        stride=[key.heads * key.longest, key.longest, 1, 1],
        data_type=_frontend().data_type.FLOAT,
    )
    gradients = graph.sdpa_backward(
        q=q,
        k=k,
        v=v,
        o=out,
        dO=grad,
        stats=stats,
        attn_scale=key.width**-0.5,
        use_padding_mask=True,
        seq_len_q=tables[0],
        seq_len_kv=tables[0],
        max_total_seq_len_q=key.tokens,
        max_total_seq_len_kv=key.tokens,
        use_deterministic_algorithm=key.deterministic,
    )
    kinds = ((key.heads, tables[1]), (key.kv_heads, tables[2]), (key.kv_heads, tables[2]))
    for gradient, (heads, starts) in zip(gradients, kinds, strict=True):
        _as_output(gradient, key, heads, starts)
    _build(graph)
    return _Plan(graph, [q, k, v, out, grad, stats, *gradients, *tables], key.device)


def _new_graph(key: PlanKey) -> tuple[Any, list[Any], Any]:
    """An empty graph, its tables, and a maker of its packed inputs by name and kind (q or k)."""
    module = _frontend()
    kinds = {torch.bfloat16: module.data_type.BFLOAT16, torch.float16: module.data_type.HALF}
    graph = module.pygraph(
        io_data_type=kinds[key.dtype],
        intermediate_data_type=module.data_type.FLOAT,
        compute_data_type=module.data_type.FLOAT,
        handle=_handle(key.device),
    )
    counts = (("lengths", 0), ("q_starts", 1), ("kv_starts", 1))
    tables = [
        graph.tensor(
            name=name,
            dim=[key.documents + more, 1, 1, 1],
            stride=[1, 1, 1, 1],
            data_type=module.data_type.INT32,
        )
        for name, more in counts
    ]

    def ragged(name: str, kind: str) -> Any:
        heads, starts = (key.heads, tables[1]) if kind == "q" else (key.kv_heads, tables[2])
        tensor = graph.tensor(
            name=name,
            dim=[key.documents, heads, key.longest, key.width],
            stride=_strides(key, heads),
            data_type=kinds[key.dtype],
        )
        tensor.set_ragged_offset(starts)
        return tensor

    return graph, tables, ragged


def _strides(key: PlanKey, heads: int) -> list[int]:
    """Of [N, heads, S, K] with the heads of a position side by side."""
    return [key.longest * heads * key.width, key.width, heads * key.width, 1]


def _as_output(tensor: Any, key: PlanKey, heads: int, starts: Any) -> None:
    form = [key.documents, heads, key.longest, key.width]
    tensor.set_output(True).set_dim(form).set_stride(_strides(key, heads))
    tensor.set_ragged_offset(starts)


def _build(graph: Any) -> None:
    module = _frontend()
    graph.validate()
    graph.build_operation_graph()
    graph.create_execution_plans([module.heur_mode.A, module.heur_mode.FALLBACK])
    graph.check_support()
    graph.build_plans()
