"""Plans of cuDNN's attention, made once for each key and kept.

Through NVIDIA's Python front end (package nvidia-cudnn-frontend): what torch offers of cuDNN has
no lengths, and its own entry for them sized the backward's buffers wrongly until torch 2.13
(pytorch/pytorch pull request 186142).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from dream_sft.model.cudnn_layout import PlanKey, statistics_strides, table_rows

_TABLES_OF = {"q": "q_starts", "k": "kv_starts", "statistics": "statistics_starts"}


@cache
def frontend() -> Any:
    """The package, or None where it or cuDNN is missing."""
    try:
        import cudnn
    except (ImportError, OSError, AssertionError):  # its import looks for one cuDNN and loads it
        return None
    return cudnn


class Plan:
    """A built graph and the tensors it wants, in the order of `run`'s."""

    def __init__(self, graph: Any, tensors: list[Any], device: int) -> None:
        self._graph, self._tensors, self._device = graph, tensors, device
        self._bytes = graph.get_workspace_size()

    def run(self, buffers: list[Tensor]) -> None:
        workspace = torch.empty(self._bytes, dtype=torch.uint8, device=buffers[0].device)
        handle = _handle(self._device)
        stream = torch.cuda.current_stream(self._device).cuda_stream
        frontend().set_stream(handle=handle, stream=stream)
        pack = {
            tensor: buffer.data_ptr() for tensor, buffer in zip(self._tensors, buffers, strict=True)
        }
        self._graph.execute(pack, workspace.data_ptr(), handle=handle)


def build_plans(key: PlanKey) -> None:
    """Makes both plans now instead of on first use."""
    forward_plan(key)
    backward_plan(key)


@cache
def forward_plan(key: PlanKey) -> Plan:
    """q, k, v, out, statistics, then the layout's tables."""
    draft = _Draft(key)
    q, k, v = (draft.packed(*name) for name in ("qq", "kk", "vk"))
    out, statistics = draft.graph.sdpa(
        q=q,
        k=k,
        v=v,
        generate_stats=True,
        attn_scale=key.width**-0.5,
        use_padding_mask=True,
        seq_len_q=draft.tables["lengths"],
        seq_len_kv=draft.tables["lengths"],
    )
    draft.as_output(out, "q")
    draft.as_output(statistics, "statistics")
    statistics.set_data_type(frontend().data_type.FLOAT)
    return draft.built([q, k, v, out, statistics])


@cache
def backward_plan(key: PlanKey) -> Plan:
    """q, k, v, out and its gradient, statistics, gradients of q, k and v, then the tables."""
    draft = _Draft(key)
    q, k, v, out, grad = (draft.packed(*name) for name in ("qq", "kk", "vk", "oq", "gq"))
    statistics = draft.packed("statistics", "statistics")
    gradients = draft.graph.sdpa_backward(
        q=q,
        k=k,
        v=v,
        o=out,
        dO=grad,
        stats=statistics,
        attn_scale=key.width**-0.5,
        use_padding_mask=True,
        seq_len_q=draft.tables["lengths"],
        seq_len_kv=draft.tables["lengths"],
        max_total_seq_len_q=key.tokens,
        max_total_seq_len_kv=key.tokens,
        use_deterministic_algorithm=key.deterministic,
    )
    for gradient, kind in zip(gradients, "qkk", strict=True):
        draft.as_output(gradient, kind)
    return draft.built([q, k, v, out, grad, statistics, *gradients])


class _Draft:
    """A graph that is being put together. A kind of tensor is q (queries and what has their form),
    k (keys and values) or statistics."""

    def __init__(self, key: PlanKey) -> None:
        module, self._key = frontend(), key
        kinds = {torch.bfloat16: module.data_type.BFLOAT16, torch.float16: module.data_type.HALF}
        self._half, self._float = kinds[key.dtype], module.data_type.FLOAT
        self.graph = module.pygraph(
            io_data_type=self._half,
            intermediate_data_type=self._float,
            compute_data_type=self._float,
            handle=_handle(key.device),
        )
        self.tables = {
            name: self.graph.tensor(
                name=name,
                dim=[rows, 1, 1, 1],
                stride=[1, 1, 1, 1],
                data_type=module.data_type.INT32,
            )
            for name, rows in table_rows(key).items()
        }

    def form(self, kind: str) -> list[int]:
        key, heads = self._key, self._heads(kind)
        return [key.documents, heads, key.longest, 1 if kind == "statistics" else key.width]

    def strides(self, kind: str) -> list[int]:
        """With the heads of a position side by side, but for statistics that are not packed."""
        key, heads = self._key, self._heads(kind)
        if kind == "statistics":
            return statistics_strides(key)
        return [key.longest * heads * key.width, key.width, heads * key.width, 1]

    def packed(self, name: str, kind: str) -> Any:
        """An input whose documents lie one after the other."""
        tensor = self.graph.tensor(
            name=name,
            dim=self.form(kind),
            stride=self.strides(kind),
            data_type=self._float if kind == "statistics" else self._half,
        )
        self.lay_out(tensor, kind)
        return tensor

    def as_output(self, tensor: Any, kind: str) -> None:
        tensor.set_output(True).set_dim(self.form(kind)).set_stride(self.strides(kind))
        self.lay_out(tensor, kind)

    def lay_out(self, tensor: Any, kind: str) -> None:
        table = self.tables.get(_TABLES_OF[kind])
        if table is not None:
            tensor.set_ragged_offset(table)

    def built(self, tensors: list[Any]) -> Plan:
        module = frontend()
        self.graph.validate()
        self.graph.build_operation_graph()
        self.graph.create_execution_plans([module.heur_mode.A, module.heur_mode.FALLBACK])
        self.graph.check_support()
        self.graph.build_plans()
        return Plan(self.graph, [*tensors, *self.tables.values()], self._key.device)

    def _heads(self, kind: str) -> int:
        return self._key.kv_heads if kind == "k" else self._key.heads


@cache
def _handle(device: int) -> Any:
    with torch.cuda.device(device):
        return frontend().create_handle()
