"""AdamW over float32 weights, with its state as named tensors.

torch.optim.AdamW computes the same by the same kernel, but loads torch's compiler when it is made,
which takes longer than all else between a lost host and the first new step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from dream_sft.train.moments import moment_owners, new_moments
from dream_sft.train.optimizer_files import fill_from, form_of

_EPSILON = 1e-8


class Weights(Protocol):
    """A module, or whatever else names weights."""

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]: ...


class AdamW:
    """Loshchilov, Hutter: "Decoupled weight decay regularization", 2019, algorithm 2.

    Matrices decay; biases and norm weights do not. The fused kernel works element by element, so
    it is as deterministic as a loop, and the fastest there is on CPU and GPU.
    """

    def __init__(self, model: Weights, training: dict[str, Any]) -> None:
        """Raises ResourceError: no memory for the moments."""
        self._weights = {n: w for n, w in model.named_parameters() if w.requires_grad}
        self._first, self._second = training["betas"]
        self._decay: float = training["weightDecay"]
        self.updates = 0
        self._moments = new_moments(self._weights)
        self._fixed_gradients = False

    def fix_gradients(self) -> None:
        """From now on gradients are the same tensors in every step, for recorded kernels."""
        self._fixed_gradients = True
        for weight in self._weights.values():
            weight.grad = torch.zeros_like(weight)

    def zero_grad(self) -> None:
        for weight in self._weights.values():
            if self._fixed_gradients and weight.grad is not None:
                weight.grad.zero_()
            else:
                weight.grad = None

    def step(self, learning_rate: float) -> None:
        """One update by the gradients that stand in the weights."""
        self.updates += 1
        matrices = [name for name, weight in self._weights.items() if weight.dim() >= 2]
        others = [name for name, weight in self._weights.items() if weight.dim() < 2]
        for names, decay in ((matrices, self._decay), (others, 0.0)):
            self._update(
                [n for n in names if self._weights[n].grad is not None], learning_rate, decay
            )

    @torch.no_grad()
    def _update(self, names: list[str], learning_rate: float, decay: float) -> None:
        if not names:
            return
        weights: list[Tensor] = [self._weights[name] for name in names]
        step = torch.tensor(float(self.updates), device=weights[0].device)
        torch._fused_adamw_(
            weights,
            [weight.grad for weight in weights if weight.grad is not None],
            [self._moments[f"exp_avg.{name}"] for name in names],
            [self._moments[f"exp_avg_sq.{name}"] for name in names],
            [],
            [step] * len(weights),
            amsgrad=False,
            lr=learning_rate,
            beta1=self._first,
            beta2=self._second,
            weight_decay=decay,
            eps=_EPSILON,
            maximize=False,
        )

    def moments(self) -> dict[str, Tensor]:
        """`exp_avg.<weight>` and `exp_avg_sq.<weight>`: live tensors; empty before any update."""
        return dict(self._moments) if self.updates else {}

    @property
    def state_bytes(self) -> int:
        """Of `moments()` after the first update."""
        return sum(moment.nbytes for moment in self._moments.values())

    def restore(self, moments: Mapping[str, Tensor], updates: int) -> list[str]:
        """Go on as after `updates` updates; returns what does not fit (empty: all well).

        For an optimizer as new. Tensors are copied straight into place: a mapping that reads files
        holds a piece at a time.
        """
        wanted = moment_owners(self._weights) if updates else {}
        mistakes = [f"{key} is missing" for key in wanted if key not in moments]
        mistakes += [
            f"{key} belongs to no weight of the model" for key in moments if key not in wanted
        ]
        mistakes += [
            f"{key} has shape {list(form_of(moments, key)[1])}, expected {list(weight.shape)}"
            for key, weight in wanted.items()
            if key in moments and form_of(moments, key)[1] != tuple(weight.shape)
        ]
        if not mistakes:
            self.updates = updates
            fill_from(moments, {key: self._moments[key] for key in wanted})
        return mistakes
