"""Full fine-tuning with one block's gradient at a time: accumulation block by block.

Shape letters: B rows, L positions, D hidden width.

1. Forward: every micro-batch through all blocks, without a graph; only block inputs are kept
   (BlockInputs, in host memory).
2. Head and last norm: loss, their gradients, and the gradient of the last block's output.
3. From the last block to the first: forward again and backward for every micro-batch into the
   block's float32 gradient; found finite, the block is updated and its gradient freed while the
   next block computes.
4. The embedding last.

Promises (reviewed against these numbers):
a. The gradient is that of accumulation over the same micro-batches: nothing computes with a
   weight after its update, because a block's backward needs its own weights only.
b. A gradient is applied only after it was found finite.
c. Deviation from other modes: the factor of clipping comes from the norm of the previous update
   (all gradients of this one are never there at once); the first update is not clipped. The norm
   is part of the optimizer's state, so resume is exact in it.
d. An error after the first update leaves a model of no step: it is marked as spoilt, and the error
   raised is one that ends the process (69 for memory, 66 for what is not finite).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from dream_sft.diffusion.frozen_head import nll_and_gradient
from dream_sft.diffusion.loss import DEFAULT_CHUNK, LEVELS, LossPlan
from dream_sft.io.errors import DivergedError, ResourceError, TrainerError
from dream_sft.model.spoilt import mark_spoilt
from dream_sft.train.block_inputs import BlockInputs
from dream_sft.train.checked_updates import CheckedUpdates
from dream_sft.train.exact_adamw import clip_scale
from dream_sft.train.fused_head import LogitsStep, head_backward
from dream_sft.train.gradient_sums import AddGradient, add_gradient
from dream_sft.train.step_errors import diverged, out_of_memory


class BlockOptimizer(Protocol):
    """What ExactAdamW offers: one weight updated at a time."""

    previous_norm: float | None

    def begin(self, learning_rate: float, scale: float = 1.0) -> None: ...
    def update(self, name: str, gradient: Tensor) -> None: ...


@dataclass(frozen=True)
class FusedMicro:
    """One micro-batch on the device, padded or packed.

    `share` is what `loss.divisor` returns; `context` is whatever `run_layer` needs besides the
    block's input (rotary tables, attention).
    """

    ids_BL: Tensor
    plan: LossPlan
    share: float
    context: Any
    sample_ids: Sequence[int] = ()


RunLayer = Callable[[nn.Module, Tensor, FusedMicro], Tensor]


@dataclass(frozen=True)
class FusedResult:
    """`gradient_norm` is this update's own, unclipped; `scale` the factor that was applied."""

    loss: float
    parts_weighted: list[float]  # answer, first EOS, tail; sums, as masked_loss gives them
    levels_nll: list[float]  # unweighted sums by bucket of t
    gradient_norm: float
    scale: float


class FusedBackward:
    """Steps over a model that offers `model.layers`, `model.norm`, `model.embed_tokens`, `lm_head`
    as `network.Dream` does."""

    def __init__(
        self,
        model: Any,
        optimizer: BlockOptimizer,
        run_layer: RunLayer,
        *,
        clip_norm: float | None,
        chunk: int = DEFAULT_CHUNK,
        logits_step: LogitsStep = nll_and_gradient,
        add: AddGradient = add_gradient,
    ) -> None:
        self._model, self._optimizer, self._run_layer = model, optimizer, run_layer
        self._clip, self._add = clip_norm, add
        self._head_backward = partial(head_backward, chunk=chunk, logits_step=logits_step, add=add)
        self._names = {id(weight): name for name, weight in model.named_parameters()}
        self._layers = list(model.model.layers)
        self.inputs = BlockInputs(model.lm_head.weight.device)

    def step(self, micros: Sequence[FusedMicro], learning_rate: float, step: int) -> FusedResult:
        """One update by the gradient of all micro-batches that have masked tokens (at least one).

        `step` only names the step in errors. Raises DivergedError and ResourceError; the model is
        then spoilt and the process must end.
        """
        micros = [micro for micro in micros if micro.plan.masked]
        with self._typed_errors(micros):
            outputs = self._forward(micros)
            return _Step(self, self._optimizer, micros, learning_rate, step).run(outputs)

    def try_step(self, micros: Sequence[FusedMicro]) -> None:
        """All of a step but its updates: the model stays sound. Raises ResourceError."""
        try:
            _Step(self, _NoUpdates(), micros, 0.0, 0).run(self._forward(micros))
        except (MemoryError, RuntimeError) as error:
            if (typed := _memory_error(error, micros)) is None:
                raise
            raise typed from error

    @contextmanager
    def _typed_errors(self, micros: Sequence[FusedMicro]) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            mark_spoilt(self._model, f"{type(error).__name__} within a fused step")
            typed = None if isinstance(error, TrainerError) else _memory_error(error, micros)
            if typed is None:
                raise
            raise typed from error

    @torch.no_grad()
    def _forward(self, micros: Sequence[FusedMicro]) -> list[Tensor]:
        embedding = self._model.model.embed_tokens
        self.inputs.begin()
        outputs = []
        for number, micro in enumerate(micros):
            x_BLD = embedding(micro.ids_BL)
            for block, layer in enumerate(self._layers):
                self.inputs.put((block, number), x_BLD)
                x_BLD = self._run_layer(layer, x_BLD, micro)
            outputs.append(x_BLD)
        return outputs


class _NoUpdates:
    """Throws every gradient away."""

    previous_norm: float | None = None

    def begin(self, learning_rate: float, scale: float = 1.0) -> None:
        pass

    def update(self, name: str, gradient: Tensor) -> None:
        pass


class _Step:
    """The backward half of one step."""

    def __init__(
        self,
        owner: FusedBackward,
        optimizer: BlockOptimizer,
        micros: Sequence[FusedMicro],
        learning_rate: float,
        step: int,
    ) -> None:
        self._owner, self._micros = owner, micros
        self._rate, self._number = learning_rate, step
        self._model, self._optimizer = owner._model, optimizer
        previous = self._optimizer.previous_norm
        self._scale = 1.0 if previous is None else clip_scale(previous, owner._clip)
        self._updates = CheckedUpdates(self._update, self._diverged)
        self._slopes: list[Tensor] = []  # of the current block's outputs, one a micro-batch

    def run(self, outputs: list[Tensor]) -> FusedResult:
        loss, parts, levels = self._top(outputs)
        layers = self._owner._layers
        for block in range(len(layers) - 1, -1, -1):
            self._block(block, layers[block])
        self._embedding()
        self._updates.settle()
        norm = math.sqrt(self._updates.squares)
        self._optimizer.previous_norm = norm
        return FusedResult(loss, parts, levels, norm, self._scale)

    def _top(self, outputs: list[Tensor]) -> tuple[float, list[float], list[float]]:
        """Head and last norm; the only place where nothing has been updated yet."""
        norm, head = self._model.model.norm, self._model.lm_head.weight
        sums = {p: torch.zeros_like(p, dtype=torch.float32) for p in (head, norm.weight)}
        loss, parts = torch.zeros((), device=head.device), torch.zeros(3, device=head.device)
        levels = torch.zeros(LEVELS, device=head.device)
        for number, micro in enumerate(self._micros):
            x_BLD = outputs[number].requires_grad_()
            with torch.enable_grad():
                hidden_BLD = norm(x_BLD)
            found = self._owner._head_backward(
                head, hidden_BLD, micro.plan, micro.share, sums[head]
            )
            slope = found.hidden_gradient_BLD.to(hidden_BLD.dtype)
            slope, norm_slope = torch.autograd.grad(hidden_BLD, (x_BLD, norm.weight), slope)
            sums[norm.weight] += norm_slope
            self._slopes.append(slope)
            outputs[number] = slope  # the output itself is needed no more
            loss += found.loss
            parts += found.parts_weighted
            levels += found.levels_nll
        if not math.isfinite(float(loss)):
            raise self._diverged(f"loss {float(loss)}")
        self._optimizer.begin(self._rate, self._scale)
        self._updates.put("the head", sums)
        return float(loss), parts.tolist(), levels.tolist()

    def _block(self, block: int, layer: nn.Module) -> None:
        weights = list(layer.parameters())
        sums: dict[Tensor, Tensor] = {}
        for number, micro in enumerate(self._micros):
            x_BLD = self._owner.inputs.get((block, number), self._following(block, number))
            x_BLD = x_BLD.detach().requires_grad_()
            with torch.enable_grad():
                y_BLD = self._owner._run_layer(layer, x_BLD, micro)
            slope, *found = torch.autograd.grad(y_BLD, (x_BLD, *weights), self._slopes[number])
            self._slopes[number] = slope
            self._accumulate(sums, weights, found)
        self._updates.put(f"block {block}", sums)

    def _accumulate(
        self, sums: dict[Tensor, Tensor], weights: Sequence[Tensor], found: Sequence[Tensor]
    ) -> None:
        for weight, gradient in zip(weights, found, strict=True):
            if weight in sums:
                self._owner._add(sums[weight], gradient)
            else:
                sums[weight] = gradient.float()

    def _following(self, block: int, number: int) -> tuple[int, int] | None:
        if number + 1 < len(self._micros):
            return block, number + 1
        return (block - 1, 0) if block else None

    def _embedding(self) -> None:
        """One pass over all tokens, in float32; the padding token's row gets no gradient."""
        embedding = self._model.model.embed_tokens
        ids = torch.cat([micro.ids_BL.flatten() for micro in self._micros])
        slopes = torch.cat([slope.flatten(0, 1).float() for slope in self._slopes])
        self._slopes.clear()
        pad = -1 if embedding.padding_idx is None else embedding.padding_idx
        gradient = torch.ops.aten.embedding_dense_backward(
            slopes, ids, embedding.weight.shape[0], pad, False
        )
        self._updates.put("the embedding", {embedding.weight: gradient})

    def _update(self, weight: Tensor, gradient: Tensor) -> None:
        self._optimizer.update(self._owner._names[id(weight)], gradient)

    def _diverged(self, what: str) -> DivergedError:
        ids = [i for micro in self._micros for i in micro.sample_ids]
        return diverged(self._number, what, ids)


def _memory_error(error: BaseException, micros: Sequence[FusedMicro]) -> ResourceError | None:
    """Half of the largest micro-batch is the budget to try next; None for other errors."""
    tokens = max((micro.ids_BL.numel() for micro in micros), default=1)
    where = f"a fused step with micro-batches of up to {tokens} tokens"
    return out_of_memory(error, tokens, where)
