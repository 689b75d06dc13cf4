"""The gradient of a global batch, micro-batch by micro-batch.

Promises (reviewed against these letters):
a. Every masked token of a global batch counts the same, however micro-batches cut it.
b. A step without a masked token keeps its number and learning rate and updates nothing.
c. Weights are updated only after loss and gradient were found finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from dream_sft.diffusion.loss import LEVELS, PARTS, LossPlan, LossSums, divisor
from dream_sft.io.errors import ResourceError
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.network import Dream
from dream_sft.model.to_device import on_device
from dream_sft.train.graphed_layers import GraphedLayers
from dream_sft.train.methods.method import StepResult, summed_up
from dream_sft.train.micro_batches import GlobalBatch, MicroBatch
from dream_sft.train.ranks import ALONE, Ranks
from dream_sft.train.step_errors import diverged, out_of_memory

MaskedLoss = Callable[[Tensor, LossPlan], LossSums]


class Accumulation:
    """Runs micro-batches through a model; `autocast` computes float32 weights in bf16.

    Of several `ranks` each runs its share, and all get the sums.
    """

    def __init__(
        self,
        model: Dream,
        masked_loss: MaskedLoss,
        normalise: str,
        *,
        autocast: bool,
        ranks: Ranks = ALONE,
    ) -> None:
        self._model, self._masked_loss = model, masked_loss
        self._normalise, self._autocast, self._ranks = normalise, autocast, ranks
        self._trained = [weight for weight in model.parameters() if weight.requires_grad]
        self._device = model.lm_head.weight.device
        self._graphed: GraphedLayers | None = None

    def replay_layers(self, tokens: int) -> None:
        """Packed rows of at most `tokens` go through recorded CUDA graphs from now on."""
        self._graphed = GraphedLayers(self._model, tokens)

    def bytes_to_come(self) -> int:
        """What recorded graphs may still take."""
        return 0 if self._graphed is None else self._graphed.bytes_to_come()

    def step(
        self, batch: GlobalBatch, measure_norm: Callable[[], float], update: Callable[[], None]
    ) -> StepResult:
        """Gradients of the whole batch stand in the weights when `measure_norm` is called."""
        if batch.masked == 0:
            return StepResult(None, [None, None, None], 0.0)
        total = torch.zeros((), device=self._device)
        weighted = torch.zeros(len(PARTS), device=self._device)
        levels = torch.zeros(LEVELS, device=self._device)
        for micro, factor in self._own(batch.micro_batches):
            loss, sums = self._backward(batch, micro, factor)
            if factor:
                total += loss
                weighted += sums.parts_weighted
                levels += sums.levels_nll.detach()
        self._exchange_gradients()
        numbers = self._ranks.sum(torch.cat([total[None], weighted, levels]))
        total, weighted, levels = torch.split(numbers, [1, len(PARTS), LEVELS])
        norm = measure_norm()
        loss_value = float(total)
        if not (math.isfinite(loss_value) and math.isfinite(norm)):
            what = f"loss {loss_value}, gradient norm {norm}"
            raise diverged(batch.step, what, [sample.sample_id for sample in batch.samples])
        update()
        return summed_up(batch, loss_value, norm, weighted.tolist(), levels.tolist())

    def _own(self, micro_batches: Sequence[MicroBatch]) -> Iterator[tuple[MicroBatch, float]]:
        """What this rank computes of them, each with a factor of its gradient."""
        return ((micro, 1.0) for micro in self._ranks.share(micro_batches) if micro.plan.masked)

    def _exchange_gradients(self) -> None:
        self._ranks.sum_gradients(self._trained)

    def try_gradient(self, batch: GlobalBatch) -> None:
        """Gradients of every micro-batch; whoever calls throws them away."""
        for micro in batch.micro_batches:
            self._backward(batch, micro, 1.0)

    @torch.no_grad()
    def nll(self, micro_batches: Sequence[MicroBatch]) -> float:
        """Unweighted nats over all masked tokens of these. Raises ResourceError."""
        total = torch.zeros((), device=self._device)
        for micro, factor in self._own(micro_batches):
            with _memory_errors(micro):
                nll = self.sums(micro).parts_nll.sum()
            if factor:
                total += nll
        return float(self._ranks.sum(total))

    def sums(self, micro: MicroBatch) -> LossSums:
        """Forward pass of one micro-batch."""
        ids_BL = on_device(micro.noised_BL, self._device)
        keep_BL = None if micro.keep_BL is None else on_device(micro.keep_BL, self._device)
        positions_BL, bounds = None, None
        if micro.lengths is not None and micro.positions_BL is not None:
            positions_BL = on_device(micro.positions_BL, self._device)
            bounds = DocumentBounds.of(micro.lengths, self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._autocast):
            if self._graphed and torch.is_grad_enabled() and positions_BL is not None and bounds:
                hidden_BLD = self._graphed.hidden(ids_BL, positions_BL, bounds)
            else:
                hidden_BLD = self._model.hidden(
                    ids_BL, positions_BL=positions_BL, keep_BL=keep_BL, bounds=bounds
                )
            return self._masked_loss(hidden_BLD, micro.plan)

    def _backward(
        self, batch: GlobalBatch, micro: MicroBatch, factor: float
    ) -> tuple[Tensor, LossSums]:
        share = share_of(batch, micro, self._normalise)
        with _memory_errors(micro):
            sums = self.sums(micro)
            loss = sums.total / share
            (loss * factor).backward()  # type: ignore[no-untyped-call]
        return loss.detach(), sums


def clipped_norm(weights: Sequence[Tensor], limit: float | None) -> float:
    """Euclidean norm of all gradients before they are clipped to `limit`."""
    with_gradient = [weight for weight in weights if weight.grad is not None]
    # An infinite limit measures without clipping.
    most = math.inf if limit is None else limit
    return float(torch.nn.utils.clip_grad_norm_(with_gradient, most))


def share_of(batch: GlobalBatch, micro: MicroBatch, normalise: str) -> float:
    """What the loss of one micro-batch of this batch is divided by."""
    return divisor(
        normalise,  # type: ignore[arg-type]
        global_masked=batch.masked,
        microbatch_masked=micro.plan.masked,
        microbatches=len(batch.micro_batches),
    )


@contextmanager
def _memory_errors(micro: MicroBatch) -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if (typed := micro_out_of_memory(error, micro)) is None:
            raise
        raise typed from error


def micro_out_of_memory(error: BaseException, micro: MicroBatch) -> ResourceError | None:
    """A ResourceError that advises half of this micro-batch's tokens; None for other errors."""
    tokens = micro.noised_BL.size
    return out_of_memory(error, tokens, f"a micro-batch of {tokens} tokens")
