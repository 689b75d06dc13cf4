"""A plain training loop for the tiny model: the project's objective without its bookkeeping.

No checkpoints, no resume: what a person experiments with. `dream_sft.train` is the real loop.
Shape letters: B rows, L positions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dream_sft.data.character_tokenizer import CharacterTokenizer
from dream_sft.diffusion.loss import divisor, masked_loss, plan_loss
from dream_sft.diffusion.masking import PROMPT, parts_of, uniform_shape
from dream_sft.diffusion.time import T_MIN
from dream_sft.diffusion.weighting import Weighting, token_weights
from dream_sft.model.network import Dream

BETAS, CLIP_NORM = (0.9, 0.95), 1.0
UNWEIGHTED = Weighting(kind="none")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One run. `tail`: further end tokens after the first, uniform between two numbers."""

    steps: int
    learning_rate: float
    tail: tuple[int, int]
    warmup: float = 0.06  # share of the steps
    final: float = 0.1  # share of the peak, reached by cosine
    batch: int = 64
    weighting: Weighting = UNWEIGHTED
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """Learning rate of step 0, 1, ...: linear warm-up, then cosine."""
        warm = max(1, round(self.warmup * self.steps))
        if step < warm:
            return self.learning_rate * (step + 1) / warm
        cosine = 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, self.steps - warm)))
        return self.learning_rate * (self.final + (1 - self.final) * cosine)


@dataclass(frozen=True)
class Document:
    """Token ids, prompt first, without end tokens."""

    ids: list[int]
    prompt: int


def documents(tokenizer: CharacterTokenizer, examples: Sequence[tuple[str, str]]) -> list[Document]:
    """(question, answer) pairs in the chat frame."""
    found = []
    for asked, answer in examples:
        chat = [{"role": "user", "content": asked}]
        prompt = tokenizer.encode(tokenizer.chat_text(chat, add_generation_prompt=True))
        found.append(Document(prompt + tokenizer.encode(answer), len(prompt)))
    return found


def train(model: Dream, rows: Sequence[Document], recipe: Recipe, *, report: int = 0) -> float:
    """Train in place; returns the mean loss of the last 20 steps (nats a masked token)."""
    draw = np.random.default_rng(recipe.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, betas=BETAS, weight_decay=0.0)
    order: list[int] = []
    losses: list[float] = []
    model.train()
    for step in range(recipe.steps):
        if len(order) < recipe.batch:
            order = draw.permutation(len(rows)).tolist()
        chosen, order = order[: recipe.batch], order[recipe.batch :]
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate_at(step)
        losses.append(_step(model, [rows[i] for i in chosen], recipe, draw))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if report and (step + 1) % report == 0:
            print(f"step {step + 1} loss {np.mean(losses[-report:]):.4f}", flush=True)
    return float(np.mean(losses[-20:]))


def _step(
    model: Dream, rows: Sequence[Document], recipe: Recipe, draw: np.random.Generator
) -> float:
    """Backward pass of one batch, gradient clipped; returns the loss."""
    eos = model.config.eos_token_id
    tails = draw.integers(recipe.tail[0], recipe.tail[1] + 1, len(rows))
    shapes = [
        uniform_shape(row.prompt, len(row.ids) - row.prompt, int(tail))
        for row, tail in zip(rows, tails, strict=True)
    ]
    length = max(shape.length for shape in shapes)
    ids_BL = np.full((len(rows), length), eos, np.int64)
    keep_BL = np.zeros(ids_BL.shape, np.bool_)
    parts_BL = np.full(ids_BL.shape, PROMPT, np.int8)
    for i, (row, shape) in enumerate(zip(rows, shapes, strict=True)):
        ids_BL[i, : len(row.ids)] = row.ids
        keep_BL[i, : shape.length] = True
        parts_BL[i, : shape.length] = parts_of(shape)
    times_B = _times(len(rows), draw)
    masked_BL = (draw.random(ids_BL.shape) < times_B[:, None]) & (parts_BL != PROMPT)
    weights_BL = np.zeros(ids_BL.shape, np.float32)
    for i, shape in enumerate(shapes):
        end = shape.length
        weights_BL[i, :end] = token_weights(recipe.weighting, float(times_B[i]), masked_BL[i, :end])
    plan = plan_loss(ids_BL, masked_BL, weights_BL, parts_BL)
    noised = torch.from_numpy(np.where(masked_BL, model.config.mask_token_id, ids_BL))
    device = model.lm_head.weight.device
    keep = torch.from_numpy(keep_BL).to(device)
    sums = masked_loss(model.head, model.hidden(noised.to(device), keep_BL=keep), plan)
    loss = sums.total / divisor(
        "global", global_masked=plan.masked, microbatch_masked=plan.masked, microbatches=1
    )
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
    return float(loss.detach())


def _times(count: int, draw: np.random.Generator) -> NDArray[np.float64]:
    """t of each row, evenly spread over [T_MIN, 1) with a random offset, in random order."""
    spread = (draw.random() + draw.permutation(count) / count) % 1.0
    return T_MIN + (1.0 - T_MIN) * spread
