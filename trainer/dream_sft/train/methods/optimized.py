"""What all methods share: a model, its optimizer, and accumulation over micro-batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from torch import Tensor

from dream_sft.model.network import Dream
from dream_sft.train.checkpoint import empty_shell
from dream_sft.train.methods.accumulation import Accumulation, MaskedLoss
from dream_sft.train.micro_batches import GlobalBatch, MicroBatch
from dream_sft.train.ranks import Ranks


class Optimizer(Protocol):
    def zero_grad(self) -> None: ...
    def moments(self) -> dict[str, Tensor]: ...
    @property
    def state_bytes(self) -> int: ...


AnyOptimizer = TypeVar("AnyOptimizer", bound=Optimizer)


class OptimizedModel(Generic[AnyOptimizer]):
    """The half of `Method` that does not depend on what is trained."""

    sharded = False
    base_sha256: str | None = None

    def __init__(
        self,
        model: Dream,
        optimizer: AnyOptimizer,
        masked_loss: MaskedLoss,
        training: dict[str, Any],
        base: Path,
        *,
        autocast: bool,
        ranks: Ranks,
        accumulation: type[Accumulation] = Accumulation,
    ) -> None:
        self.model, self._base = model, base
        self._shell = empty_shell(model)
        self._optimizer = optimizer
        self._clip: float | None = training["clipNorm"]
        self._normalise: str = training["normalise"]
        self._accumulation = accumulation(
            model, masked_loss, self._normalise, autocast=autocast, ranks=ranks
        )

    def try_gradient(self, batch: GlobalBatch) -> None:
        self._accumulation.try_gradient(batch)
        self._optimizer.zero_grad()

    def bytes_to_come(self) -> int:
        return self._accumulation.bytes_to_come()

    def nll(self, micro_batches: Sequence[MicroBatch]) -> float:
        return self._accumulation.nll(micro_batches)

    def moments(self) -> Mapping[str, Tensor]:
        return self._optimizer.moments()

    def checkpoint_bytes(self) -> int:
        weights = sum(weight.nbytes for weight in self.weights().values())
        return weights + self._optimizer.state_bytes

    def join_export(self, output: Path) -> None:
        """The first rank holds everything."""

    def weights(self) -> Mapping[str, Tensor]:
        raise NotImplementedError
