"""Weights spread over ranks: each holds some rows of every one (FSDP2, `fully_shard`).

A layer is made whole on every rank only while it computes. Rows are dealt as `torch.chunk` cuts
them, so the last ranks may hold fewer, or none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from dream_sft.io.errors import SpecError
from dream_sft.model.filling import Filler
from dream_sft.model.network import Dream
from dream_sft.model.tensor_files import Form, TensorFile
from dream_sft.model.weights import WeightsError, checked_files, read_config
from dream_sft.train.optimizer_files import StoredTensors
from dream_sft.train.ranks import Ranks


def load_sharded(folder: Path, device: torch.device, ranks: Ranks, *, narrow: bool) -> Dream:
    """A float32 model of which every rank reads and holds its own rows.

    Raises WeightsError; SpecError where this torch cannot shard on the device.

    `narrow`: layers compute in bf16, and gradients are summed over ranks in float32 all the same.
    """
    with torch.device("meta"):
        model = Dream(read_config(folder))
    files = checked_files(folder, model)
    spread(model, device, ranks, narrow=narrow)
    rows = {name: local(weight.detach()) for name, weight in model.named_parameters()}
    starts = {name: start_of(w.shape, ranks) for name, w in model.named_parameters()}
    filler = Filler(rows, starts=starts)
    for path, names in files.items():
        try:
            with TensorFile(path) as file:
                filler.fill(file, names)
        except (ValueError, OSError) as error:
            raise WeightsError(folder, [str(error)]) from error
    return model


def spread(model: Dream, device: torch.device, ranks: Ranks, *, narrow: bool) -> None:
    """Give every rank rows of a model on the meta device; what stands in them is not set.

    Raises SpecError where this torch cannot.
    """
    if device.type == "cpu" and not hasattr(torch.cpu.Stream, "record_event"):
        raise SpecError(
            f"training.worldSize over 1 with fullMode plain: torch {torch.__version__} shards "
            "weights on GPUs only; take a newer torch, or worldSize 1, on the CPU"
        )
    # Imported here: one process alone should not wait for them.
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import (
        MixedPrecisionPolicy,
        fully_shard,
        register_fsdp_forward_method,
    )

    mesh = init_device_mesh(device.type, (ranks.count,))
    policy = MixedPrecisionPolicy()
    if narrow:
        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    for layer in model.layers():
        fully_shard(layer, mesh=mesh, mp_policy=policy)
    # Embedding, last norm and head together: the head computes after `hidden` has returned.
    fully_shard(model, mesh=mesh, mp_policy=policy, reshard_after_forward=False)
    register_fsdp_forward_method(model, "hidden")
    model.to_empty(device=device)


def local(tensor: Tensor) -> Tensor:
    """This rank's rows of a sharded tensor; any other tensor itself."""
    own: Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return own


def rows_of(count: int, ranks: Ranks) -> tuple[int, int]:
    """First and end row of this rank among `count` rows."""
    each = -(-count // ranks.count)
    return min(ranks.rank * each, count), min((ranks.rank + 1) * each, count)


def start_of(shape: tuple[int, ...] | torch.Size, ranks: Ranks) -> int:
    """Flat index of this rank's first entry in the whole tensor."""
    return rows_of(shape[0], ranks)[0] * torch.Size(shape[1:]).numel()


class LocalRows:
    """This rank's rows of every weight, as parameters that share its memory: what an optimizer
    which works entry by entry needs to know of sharding."""

    def __init__(self, model: nn.Module) -> None:
        self._whole = dict(model.named_parameters())
        self._rows = {n: nn.Parameter(local(w.detach())) for n, w in self._whole.items()}

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        yield from self._rows.items()

    def tensors(self) -> dict[str, Tensor]:
        return {name: row.detach() for name, row in self._rows.items()}

    def take_gradients(self) -> list[Tensor]:
        """The gradients' rows now stand in the rows; returns them."""
        found = []
        for name, whole in self._whole.items():
            row = self._rows[name]
            row.data = local(whole.detach())
            row.grad = None if whole.grad is None else local(whole.grad)
            if row.grad is not None:
                found.append(row.grad)
        return found

    def drop_gradients(self) -> None:
        for weight in (*self._whole.values(), *self._rows.values()):
            weight.grad = None


class StoredRows(Mapping[str, Tensor]):
    """This rank's rows of whole tensors on disk; nothing else is read."""

    def __init__(self, stored: StoredTensors, ranks: Ranks) -> None:
        self._stored, self._ranks = stored, ranks

    def form(self, key: str) -> Form:
        dtype, shape = self._stored.form(key)
        if not shape:
            return dtype, shape
        first, end = rows_of(shape[0], self._ranks)
        return dtype, (end - first, *shape[1:])

    def fill(self, targets: Mapping[str, Tensor]) -> None:
        starts = {key: start_of(self._stored.form(key)[1], self._ranks) for key in targets}
        self._stored.fill(targets, starts)

    def __getitem__(self, key: str) -> Tensor:
        dtype, shape = self.form(key)
        found = torch.empty(shape, dtype=dtype)
        self.fill({key: found})
        return found

    def __contains__(self, key: object) -> bool:
        return key in self._stored

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)
