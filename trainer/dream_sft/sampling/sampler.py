"""The decoding loop: strategy and order decide, the model scores, tokens are written.

Shape letters: B rows, L prompt and canvas, C canvas positions, N scored positions, D hidden
width, V vocabulary. Source of the semantics: diffusion_generate (generation_utils.py of the
model). Every random number is a function of (seed, sample id, canvas position, step), so a
row's draws do not depend on its neighbours, on padding, or on what was decoded before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dream_sft.diffusion.noise import Purpose
from dream_sft.model.network import Dream
from dream_sft.sampling.batch import Batch, left_padded
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.orders import ORDERS, StepView
from dream_sft.sampling.strategies import Step, steps_of
from dream_sft.sampling.tokens import distribution, draw
from dream_sft.sampling.trace import Reveal, Trace

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """What a batch decoded to."""

    tokens: NDArray[np.int64]  # [B, C]; after an early stop the rest is end tokens
    steps: NDArray[np.int64]  # [B] steps until the row was complete
    forwards: int  # passes through the model
    trace: Trace | None

    def until_end(self, row: int, end_token: int) -> list[int]:
        """The row's tokens before its first end token."""
        tokens: list[int] = self.tokens[row].tolist()
        return tokens[: tokens.index(end_token)] if end_token in tokens else tokens


@torch.no_grad()
def sample(
    model: Dream,
    prompts: Sequence[Sequence[int]],
    sample_ids: Sequence[int],
    config: SamplingConfig,
    *,
    trace: bool = False,
) -> Answers:
    """Decode one answer for each prompt; prompts may differ in length.

    Raises ValueError (an empty prompt, a token outside the vocabulary, unequal counts).
    A model that prefers its own mask token leaves it in the answer, as the official code does.
    """
    run = _Run(model, config, left_padded(prompts, sample_ids, config.max_new_tokens, model.config))
    record = Trace() if trace else None
    for number, step in enumerate(steps_of(config)):
        run.advance(number, step, record)
        if record is not None:
            record.history.append(run.batch.canvas.copy())
        elif run.done_B.all():
            break
    return Answers(run.batch.canvas.copy(), run.steps_B, run.forwards, record)


class _Run:
    """The state of one batch while it is decoded."""

    def __init__(self, model: Dream, config: SamplingConfig, batch: Batch) -> None:
        self.model, self.config, self.batch = model, config, batch
        self.order = ORDERS[config.order]
        self.done_B = np.zeros(len(batch.ids), np.bool_)
        self.steps_B = np.zeros(len(batch.ids), np.int64)
        self.forwards = 0

    def advance(self, number: int, step: Step, record: Trace | None) -> None:
        """Carry out one step: choose, score, reveal, and see which rows are complete."""
        view = self._view(number, step)
        wanted_BC = self.order.candidates(view)
        if wanted_BC.any():
            tokens_BC, confidence_BC = self._score(view, wanted_BC)
            chosen_BC = self.order.reveal(view, confidence_BC)
            self.batch.canvas[chosen_BC] = tokens_BC[chosen_BC]
            if record is not None:
                record.reveals += _reveals(number, chosen_BC, tokens_BC, confidence_BC)
        self._finish(number)

    def _view(self, number: int, step: Step) -> StepView:
        masked_BC = self.batch.canvas == self.model.config.mask_token_id
        masked_BC[:, : step.start] = False
        masked_BC[:, step.end :] = False
        masked_BC[self.done_B] = False
        ids_B, seed = self.batch.sample_ids, self.config.seed
        alg_temp = self.config.alg_temp or 0.0
        return StepView(masked_BC, ids_B, number, step.share, step.last, seed, alg_temp)

    def _score(
        self, view: StepView, wanted_BC: Mask
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """A token and a confidence for every wanted position; -inf elsewhere."""
        logits_NV = self._logits(wanted_BC)
        unit_N = None
        if self.config.temperature > 0:
            unit_BC = view.draws(Purpose.SAMPLE_TOKEN)
            unit_N = torch.from_numpy(unit_BC[wanted_BC]).to(logits_NV.device)
        probs_NV = distribution(logits_NV, self.config)
        token_N, drawn_N = draw(probs_NV, unit_N)
        tokens_BC = np.zeros(wanted_BC.shape, np.int64)
        tokens_BC[wanted_BC] = token_N.cpu().numpy()
        confidence_BC = np.full(wanted_BC.shape, -np.inf, np.float32)
        confidence_BC[wanted_BC] = self.order.confidence(probs_NV, drawn_N).cpu().numpy()
        return tokens_BC, confidence_BC

    def _logits(self, wanted_BC: Mask) -> Tensor:
        """Logits [N, V] of the wanted positions: row i - 1 of the hidden states scores i.

        Rows that want nothing are left out of the forward pass. Prompts are never empty, so
        no wanted position is the first of its row.
        """
        device = self.model.lm_head.weight.device
        active_B = wanted_BC.any(axis=1)
        ids_BL = torch.from_numpy(self.batch.ids[active_B]).to(device)
        keep = self.batch.keep[active_B]
        # Without pads there is no mask, which keeps the fast attention kernels usable.
        keep_BL = None if keep.all() else torch.from_numpy(keep).to(device)
        hidden_BLD = self.model.hidden(ids_BL, keep_BL=keep_BL)
        self.forwards += 1
        row_N, place_N = np.nonzero(wanted_BC[active_B])
        source_N = row_N * ids_BL.shape[1] + self.batch.canvas_start + place_N - 1
        rows_N = torch.from_numpy(source_N).to(device)
        return self.model.head(hidden_BLD.flatten(0, 1).index_select(0, rows_N))

    def _finish(self, number: int) -> None:
        """Mark rows without masks, and rows whose answer has ended when those may stop."""
        canvas_BC, config = self.batch.canvas, self.model.config
        masked_BC = canvas_BC == config.mask_token_id
        complete_B = ~masked_BC.any(axis=1)
        if self.config.stop_at_end:
            # Ended: an end token comes before the first mask.
            end_BC = canvas_BC == config.eos_token_id
            ended_B = end_BC.any(axis=1) & (end_BC.argmax(axis=1) < masked_BC.argmax(axis=1))
            canvas_BC[ended_B[:, None] & masked_BC & ~complete_B[:, None]] = config.eos_token_id
            complete_B |= ended_B
        self.steps_B[complete_B & ~self.done_B] = number + 1
        self.done_B |= complete_B


def _reveals(
    number: int,
    chosen_BC: Mask,
    tokens_BC: NDArray[np.int64],
    confidence_BC: NDArray[np.float32],
) -> list[Reveal]:
    places = zip(*np.nonzero(chosen_BC), strict=True)
    return [
        Reveal(int(b), number, int(c), int(tokens_BC[b, c]), float(confidence_BC[b, c]))
        for b, c in places
    ]
