"""AdamW over bf16 weights with an exact float32 master (exact_master.py).

Two ways to use it. `kept`: all gradients stand in the weights, `gradient_norm` then `step`.
`fused`: `begin` once a step, then `update` for one weight after the other (fused_backward.py).
Memory a weight: 2 bytes in the model, 2 of remainder, 4 (bf16) or 8 (float32) of moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from dream_sft.train.exact_master import Betas, step_rates, update_kernel
from dream_sft.train.moments import MOMENTS, moment_owners, new_moments
from dream_sft.train.optimizer_files import fill_from, form_of

REMAINDER = "remainder"
PREVIOUS_NORM = "clip.previous_norm"
# Plain, a dozen float32 temporaries of a piece live at once; compiled, at most one or two.
PLAIN_PIECE, COMPILED_PIECE = 1 << 22, 1 << 25
MAX_BETA_OF_BF16 = 0.95


class ExactAdamW:
    """Matrices decay; biases and norm weights do not."""

    def __init__(
        self,
        model: nn.Module,
        training: dict[str, Any],
        remainders: Mapping[str, Tensor] | None = None,
        *,
        piece: int | None = None,
    ) -> None:
        """`remainders` (by weight, int16): what `load_dream` cut off float32 weights; absent: 0.

        Raises ValueError for weights that are not bf16, and for bf16 moments with a betas[1]
        over 0.95: their relative step of 2^-8 would swallow the decay of the second moment
        (a bias of -8 % at 0.99 and +69 % at 0.999). Raises ResourceError: no memory for moments.
        """
        self._weights = {n: w for n, w in model.named_parameters() if w.requires_grad}
        self._betas: Betas = (training["betas"][0], training["betas"][1])
        self._decay: float = training["weightDecay"]
        self._dtype = torch.bfloat16 if training.get("moments") == "bf16" else torch.float32
        self._check()
        compiled = bool(training.get("compile", False))
        self._kernel = update_kernel(compiled=compiled)
        self._piece = piece or (COMPILED_PIECE if compiled else PLAIN_PIECE)
        given = remainders or {}
        self._remainders = {
            name: given[name].to(weight.device)
            if name in given
            else torch.zeros_like(weight, dtype=torch.int16)
            for name, weight in self._weights.items()
        }
        self._moments = new_moments(self._weights, self._dtype)
        self._rates: dict[tuple[bool, torch.device], Tensor] = {}
        self.updates = 0
        self.previous_norm: float | None = None

    def _check(self) -> None:
        wrong = [n for n, w in self._weights.items() if w.dtype != torch.bfloat16]
        if wrong:
            raise ValueError(f"an exact master needs bf16 weights; {wrong[0]} is none")
        if self._dtype == torch.bfloat16 and self._betas[1] > MAX_BETA_OF_BF16:
            raise ValueError(f"bf16 moments need betas[1] <= 0.95, got {self._betas[1]}")

    def zero_grad(self) -> None:
        for weight in self._weights.values():
            weight.grad = None

    def gradient_norm(self) -> float:
        """Euclidean norm of all gradients that stand in the weights, summed in float64."""
        found = (weight.grad for weight in self._weights.values())
        return float(squared_norm(g for g in found if g is not None) ** 0.5)

    def step(self, learning_rate: float, scale: float = 1.0) -> None:
        """One update by `scale` times the gradients that stand in the weights."""
        self.begin(learning_rate, scale)
        for name, weight in self._weights.items():
            if weight.grad is not None:
                self.update(name, weight.grad)

    def begin(self, learning_rate: float, scale: float = 1.0) -> None:
        """Count one update; every weight then gets at most one call of `update`."""
        self.updates += 1
        for matrix in (True, False):
            decay = self._decay if matrix else 0.0
            rates = step_rates(learning_rate, decay, self._betas, self.updates, scale)
            for device in {weight.device for weight in self._weights.values()}:
                self._rates[matrix, device] = rates.to(device)

    @torch.no_grad()
    def update(self, name: str, gradient: Tensor) -> None:
        """Apply `gradient` (bf16 or float32, of the weight's shape), piece by piece."""
        weight = self._weights[name]
        halves = [weight.data.view(torch.int16), self._remainders[name]]
        moments = [self._moments[f"{moment}.{name}"] for moment in MOMENTS]
        flat = [t.view(-1) for t in (*halves, gradient.contiguous(), *moments)]
        rates = self._rates[weight.dim() >= 2, weight.device]
        for high, low, part, first, second in _pieces(flat, self._piece):
            self._kernel(high, low, part, first, second, rates)

    def moments(self) -> dict[str, Tensor]:
        """Live tensors: `remainder.<weight>` always; after the first update `exp_avg.<weight>` and
        `exp_avg_sq.<weight>`; after a fused step `clip.previous_norm` (float64, one number)."""
        named = {f"{REMAINDER}.{name}": tensor for name, tensor in self._remainders.items()}
        if self.updates:
            named |= self._moments
        if self.previous_norm is not None:
            named[PREVIOUS_NORM] = torch.tensor([self.previous_norm], dtype=torch.float64)
        return named

    @property
    def state_bytes(self) -> int:
        """Of `moments()` after the first update."""
        held = (*self._moments.values(), *self._remainders.values())
        return sum(tensor.nbytes for tensor in held)

    def restore(self, moments: Mapping[str, Tensor], updates: int) -> list[str]:
        """Go on as after `updates` updates; returns what does not fit (empty: all well).

        For an optimizer as new. Tensors are copied straight into place; a mapping that reads them
        from files on demand (optimizer_files.StoredTensors) never holds more than a piece of them.
        """
        wanted: dict[str, tuple[Tensor, torch.dtype]]
        wanted = {f"{REMAINDER}.{n}": (w, torch.int16) for n, w in self._weights.items()}
        if updates:
            owners = moment_owners(self._weights)
            wanted |= {key: (weight, self._dtype) for key, weight in owners.items()}
        mistakes = [f"{key} is missing" for key in wanted if key not in moments]
        mistakes += [
            f"{key} belongs to no weight of the model"
            for key in moments
            if key not in wanted and key != PREVIOUS_NORM
        ]
        if mistakes:
            return mistakes
        mistakes = [
            f"{key} is {_words(*form_of(moments, key))}, expected {_words(dtype, weight.shape)}"
            for key, (weight, dtype) in wanted.items()
            if form_of(moments, key) != (dtype, tuple(weight.shape))
        ]
        if not mistakes:
            self._take(moments, updates)
        return mistakes

    def _take(self, moments: Mapping[str, Tensor], updates: int) -> None:
        named = {f"{REMAINDER}.{name}": tensor for name, tensor in self._remainders.items()}
        fill_from(moments, named | (self._moments if updates else {}))
        self.updates = updates
        self.previous_norm = float(moments[PREVIOUS_NORM]) if PREVIOUS_NORM in moments else None


def squared_norm(tensors: Iterable[Tensor]) -> Tensor:
    """Sum of squares as one float64, whatever the dtype; 0 (on the CPU) for no tensors."""
    parts = [_norm(tensor) for tensor in tensors]
    if not parts:
        return torch.zeros((), dtype=torch.float64)
    return torch.stack(parts).double().square().sum()


def _norm(tensor: Tensor) -> Tensor:
    if tensor.is_cuda:
        # A tree of float32 sums, as exact as float32 is; bf16 is widened while it is read.
        norm: Tensor = torch.linalg.vector_norm(tensor, dtype=torch.float32)
        return norm
    # Long float32 sums on the CPU lose digits; pieces keep the float64 copies small.
    flat = tensor.contiguous().view(-1)
    norms = [
        torch.linalg.vector_norm(p, dtype=torch.float64) for p in torch.split(flat, PLAIN_PIECE)
    ]
    return torch.stack(norms).square().sum().sqrt()


def clip_scale(norm: float, limit: float | None) -> float:
    """The factor that torch.nn.utils.clip_grad_norm_ would multiply by; 1 without a limit."""
    return 1.0 if limit is None else min(1.0, limit / (norm + 1e-6))


def _pieces(flat: list[Tensor], length: int) -> Iterator[tuple[Tensor, ...]]:
    for at in range(0, flat[0].numel(), length):
        yield tuple(tensor[at : at + length] for tensor in flat)


def _words(dtype: torch.dtype, shape: Iterable[int]) -> str:
    return f"{str(dtype).removeprefix('torch.')} {list(shape)}"
