"""Several processes that train together; here plain data parallelism, where every rank holds the
whole model and computes its share of each batch (sharding.py: weights spread over ranks).

Losses are divided by the masked tokens of the global batch before their backward, so gradients are
summed over ranks and not averaged. Every rank then holds the same bits, takes the same norm and
makes the same update; weights are never sent.

The sum is made in float32 whatever the gradients' dtype, in flat buckets, after the last backward
of a step (it does not overlap with the backward).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from dream_sft.io.errors import SpecError, TrainerError, memory_that_ran_out
from dream_sft.io.rank_process import RankProcess

# Entries summed at once: 128 MiB of float32.
BUCKET = 1 << 25
# Longer than any step or checkpoint copy; a hang before is the watchdog's to end.
_PATIENCE = timedelta(minutes=60)

Item = TypeVar("Item")


class RankLostError(TrainerError):
    """Another rank is gone. Exit code 1: the next attempt resumes."""


class Ranks:
    """All processes of one training, seen from one of them. A single one exchanges nothing."""

    def __init__(self, rank: int = 0, count: int = 1, *, bucket: int = BUCKET) -> None:
        self.rank, self.count, self._bucket = rank, count, bucket

    @property
    def first(self) -> bool:
        """Whether this rank writes events, logs and files for all."""
        return self.rank == 0

    def share(self, micro_batches: Sequence[Item]) -> Sequence[Item]:
        """What this rank computes of them."""
        return micro_batches[self.rank :: self.count]

    def sum(self, values: Tensor) -> Tensor:
        """`values` summed over ranks, in place; the same bits on each. Raises RankLostError."""
        return self._reduce(values, dist.ReduceOp.SUM)

    @torch.no_grad()
    def sum_gradients(self, weights: Iterable[Tensor]) -> None:
        """Sums the gradients in `weights`, in place; none counts as zero. Raises RankLostError.

        Every rank names the same weights in the same order.
        """
        if self.count == 1:
            return
        for pieces in _buckets((_flat_gradient(weight) for weight in weights), self._bucket):
            bucket = self.sum(torch.cat([piece.float() for piece in pieces]))
            sizes = [piece.numel() for piece in pieces]
            for piece, total in zip(pieces, torch.split(bucket, sizes), strict=True):
                piece.copy_(total)

    def agree(self, wish: bool) -> bool:
        """Whether any rank wishes it. On the host: no rank waits for its GPU."""
        return bool(self._reduce(torch.tensor(int(wish)), dist.ReduceOp.MAX))

    def most(self, value: float) -> float:
        """The largest of all ranks' values."""
        return float(self._reduce(torch.tensor(value, dtype=torch.float64), dist.ReduceOp.MAX))

    def close(self) -> None:
        """Every rank calls it at the same point; nothing is exchanged afterwards."""
        if self.count > 1:
            dist.destroy_process_group()

    def _reduce(self, values: Tensor, how: Any) -> Tensor:
        if self.count == 1:
            return values
        try:
            dist.all_reduce(values, op=how)
        except RuntimeError as error:
            if memory_that_ran_out(error):
                raise
            raise RankLostError(
                f"rank {self.rank} of {self.count} lost another one, which was killed or crashed; "
                "resume from the last checkpoint"
            ) from error
        return values


ALONE = Ranks()


def open_ranks(training: dict[str, Any], device: torch.device) -> tuple[Ranks, torch.device]:
    """This rank among `training.worldSize`, and its own device; all ranks wait for each other.

    gloo between CPUs, NCCL between GPUs. Raises SpecError: fewer GPUs than ranks, or another number
    of processes was started.
    """
    process, wanted = RankProcess.of_environment(), training["worldSize"]
    if process.count != wanted:
        raise SpecError(f"training.worldSize is {wanted}, but {process.count} processes were made")
    if wanted == 1:
        return ALONE, device
    backend = "gloo"
    if device.type == "cuda":
        seen = torch.cuda.device_count()
        if seen < wanted:
            raise SpecError(f"training.worldSize is {wanted}, but torch sees {seen} GPUs here")
        device = torch.device("cuda", process.local)
        torch.cuda.set_device(device)
        backend = "cpu:gloo,cuda:nccl"
    _meet(process, backend)
    return Ranks(process.rank, process.count), device


def _meet(process: RankProcess, backend: str) -> None:
    """Under somebody else's torchrun by the address that it tells; else by a file."""
    if process.store_file is None:
        dist.init_process_group(backend, timeout=_PATIENCE)
        return
    dist.init_process_group(
        backend,
        init_method=f"file://{process.store_file}",
        rank=process.rank,
        world_size=process.count,
        timeout=_PATIENCE,
    )


def _flat_gradient(weight: Tensor) -> Tensor:
    """The gradient as one row that shares its memory; zeros where there was none."""
    if weight.grad is None:
        weight.grad = torch.zeros_like(weight)
    elif not weight.grad.is_contiguous():
        weight.grad = weight.grad.contiguous()
    return weight.grad.view(-1)


def _buckets(flat: Iterable[Tensor], size: int) -> Iterator[list[Tensor]]:
    """Views of all entries, in order, in lists of at most `size` entries each."""
    pieces: list[Tensor] = []
    room = size
    for tensor in flat:
        while tensor.numel():
            piece, tensor = tensor[:room], tensor[room:]
            pieces.append(piece)
            room -= piece.numel()
            if room == 0:
                yield pieces
                pieces, room = [], size
    if pieces:
        yield pieces
