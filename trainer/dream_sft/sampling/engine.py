"""The decoding loop: requests wait in a queue for slots; each step reveals tokens in every slot.

Shape letters: B slots, C canvas positions, Q scored positions of a slot, D hidden width.

1. A row's tokens depend on the model, the settings, B and its own context bucket, never on its
   neighbours, its slot or when it was admitted: shapes are fixed, empty slots are dummies, and
   every random number is a function of (seed, sample id, canvas position, step).
2. A row ends when nothing is masked, or when everything before its first end token is decided;
   its slot goes to the next request at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from dream_sft.diffusion.noise import Purpose
from dream_sft.model.network import Dream
from dream_sft.sampling.cached_model import CachedDream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.paces import pace_of
from dream_sft.sampling.places import Places
from dream_sft.sampling.remasking import take_back
from dream_sft.sampling.requests import Decoded, Request, check, end_tokens
from dream_sft.sampling.reveals import Mask, reveal_of
from dream_sft.sampling.row_passes import RowPasses
from dream_sft.sampling.scoring import Scorer
from dream_sft.sampling.slots import Slots
from dream_sft.sampling.step_view import StepView
from dream_sft.sampling.trace import Reveal

# Rows of about one length share a context; finer wastes less, coarser captures fewer graphs.
BUCKET = {"cuda": 64, "cpu": 16}
# What one row revealed (or took back) at one step.
Watch = Callable[[list[Reveal]], None]


class Sampler:
    """Decodes requests in `slots` slots; keeps what it allocated from one call to the next.

    context: the padded length of every row, at least prompt and canvas; None: each row's own
    length, rounded up, and rows of one context together. compiled, graphs, fused: CachedDream.
    """

    def __init__(
        self,
        model: Dream,
        config: SamplingConfig,
        *,
        slots: int,
        context: int | None = None,
        compiled: bool = False,
        graphs: bool = True,
        fused: bool = False,
    ) -> None:
        if slots < 1:
            raise ValueError(f"slots {slots} is below 1")
        self.config, self.slots, self.context = config, slots, context
        self.bucket = BUCKET.get(model.lm_head.weight.device.type, BUCKET["cpu"])
        self.model = CachedDream(model, compiled=compiled, graphs=graphs, fused=fused)
        self.scorer = Scorer(model, config, graphs=self.model.graphs)
        self.passes = {"full": 0, "window": 0, "commit": 0}

    @property
    def key(self) -> dict[str, int | None]:
        """What a row's numbers depend on besides model, settings and request."""
        shapes = {"slots": self.slots, "bucket": self.bucket, "context": self.context}
        # Left out where nothing is compiled, so that keys of answers made before stand.
        made = {name: 1 for name in ("compiled", "fused") if getattr(self.model, name)}
        return {**shapes, **made}

    def decode(
        self, requests: Sequence[Request], *, trace: bool = False, watch: Watch | None = None
    ) -> Iterator[Decoded]:
        """Answers as they are finished. Raises ValueError naming every bad request."""
        check(requests, self.model.model.config)
        by_context: dict[int, list[int]] = {}
        for index, request in enumerate(requests):
            by_context.setdefault(self._context(len(request.prompt)), []).append(index)
        for context, members in by_context.items():
            yield from _Run(self, context, requests, members, trace, watch).answers()

    def _context(self, prompt: int) -> int:
        length = prompt + self.config.max_new_tokens
        if self.context is None:
            return -(-length // self.bucket) * self.bucket
        if length > self.context:
            raise ValueError(
                f"a prompt of {prompt} tokens and {self.config.max_new_tokens} new ones do not "
                f"fit a context of {self.context}"
            )
        return self.context


class _Run:
    """All requests of one context."""

    def __init__(
        self,
        sampler: Sampler,
        context: int,
        requests: Sequence[Request],
        members: list[int],
        trace: bool,
        watch: Watch | None,
    ) -> None:
        self.config, self.requests, self.trace, self.watch = sampler.config, requests, trace, watch
        self.queue = deque(members)
        self.slots = Slots(sampler.slots, context, sampler.config, sampler.model.model.config)
        self.ends = end_tokens(sampler.model.model.config)
        self.passes = RowPasses(sampler.model, self.slots, sampler.scorer.width, sampler.passes)
        self.scorer, self.pace = sampler.scorer, pace_of(sampler.config)
        self.reveal = reveal_of(sampler.config.reveal, sampler.config.order)
        self.extra_B = np.zeros(sampler.slots, np.int64)  # taken back at this step
        self.begun_B = np.zeros(sampler.slots, np.bool_)  # this step's tokens were taken back

    def answers(self) -> Iterator[Decoded]:
        while self.queue or self.slots.live.any():
            for slot in np.flatnonzero(~self.slots.live)[: len(self.queue)]:
                index = self.queue.popleft()
                self.slots.admit(int(slot), index, self.requests[index])
                self.begun_B[slot] = False
            # Not around a yield: the mode would be the caller's as well.
            with torch.no_grad():
                finished = self._step()
            yield from finished

    def _step(self) -> list[Decoded]:
        """One pass for every live row, and the rows that it finished."""
        slots = self.slots
        view, wanted_BC = self._next()
        past_B = slots.live & (slots.block >= self.config.blocks)
        finished = self._finished() if past_B.any() else []
        if slots.live.any():
            places = Places.of(wanted_BC, self.scorer.width)
            hidden_BQD = self.passes.hidden(places.within(slots.first_open()))
            if wanted_BC.any():
                draws = self.config.temperature > 0
                unit_BC = view.draws(Purpose.SAMPLE_TOKEN) if draws else None
                tokens_BC, confidence_BC = self.scorer(hidden_BQD, places, unit_BC)
                chosen_BC = self.reveal.choose(view, confidence_BC) & wanted_BC
                self._write(chosen_BC, tokens_BC, confidence_BC)
            self._after_pass()
            finished += self._finished()
        return finished

    def _next(self) -> tuple[StepView, Mask]:
        """The next step of every row that reveals something; steps that reveal nothing cost
        no pass."""
        slots = self.slots
        while True:
            self._close_blocks()
            self._take_back()
            view = self._view()
            wanted_BC = self.reveal.candidates(view)
            idle_B = slots.live & ~slots.commit & ~wanted_BC.any(axis=1)
            idle_B &= slots.block < self.config.blocks
            if not idle_B.any():
                return view, wanted_BC
            self._count_step(idle_B)

    def _count_step(self, rows_B: Mask) -> None:
        self.slots.step[rows_B] += 1
        self.begun_B[rows_B] = False

    def _view(self) -> StepView:
        slots, config = self.slots, self.config
        masked_BC = slots.masked & slots.open & (slots.live & ~slots.commit)[:, None]
        masked_B = masked_BC.sum(axis=1, dtype=np.int64)
        paced = self.pace.at(slots.step, masked_B - self.extra_B)
        return StepView(
            masked=masked_BC,
            counts=np.minimum(paced.counts + self.extra_B, masked_B),
            sample_ids=slots.sample_ids,
            numbers=self._numbers(),
            shares=paced.shares,
            last=paced.last,
            seed=config.seed,
            alg_temp=config.alg_temp or 0.0,
            threshold=config.threshold,
        )

    def _numbers(self) -> NDArray[np.int64]:
        numbers: NDArray[np.int64] = self.slots.block * self.pace.limit + self.slots.step
        return numbers

    def _close_blocks(self) -> None:
        """Rows whose block is over go to the next, by way of its commit pass where there is one."""
        slots = self.slots
        over_B = slots.live & ~slots.commit & (slots.block < self.config.blocks)
        done_B = slots.step >= self.pace.limit
        if self.config.remask is None:
            done_B = done_B | ~(slots.masked & slots.open).any(axis=1)
        over_B &= done_B
        last_B = slots.block == self.config.blocks - 1
        commits_B = over_B & ~last_B if self.passes.policy.commits else np.zeros_like(over_B)
        slots.commit |= commits_B
        self._open_next(over_B & ~commits_B)

    def _open_next(self, rows_B: Mask) -> None:
        slots = self.slots
        slots.block[rows_B] += 1
        slots.step[rows_B] = slots.passes[rows_B] = 0
        self.begun_B[rows_B] = False

    def _take_back(self) -> None:
        if self.config.remask is None:
            return
        slots = self.slots
        rows_B = slots.live & ~slots.commit & ~self.begun_B
        may_B = rows_B & (slots.step < self.pace.limit - 1)
        count_B, taken_BC = take_back(slots, may_B, self.config.remask)
        self.extra_B[rows_B] = count_B[rows_B]
        self.begun_B[rows_B] = True
        self._record(taken_BC, slots.canvas, slots.confidence)

    def _write(
        self,
        chosen_BC: Mask,
        tokens_BC: NDArray[np.int64],
        confidence_BC: NDArray[np.float32],
    ) -> None:
        self.slots.canvas[chosen_BC] = tokens_BC[chosen_BC]
        self.slots.confidence[chosen_BC] = confidence_BC[chosen_BC]
        self._record(chosen_BC, tokens_BC, confidence_BC)

    def _record(
        self, where_BC: Mask, tokens_BC: NDArray[np.int64], confidence_BC: NDArray[np.float32]
    ) -> None:
        if not (self.trace or self.watch):
            return
        slots, numbers_B = self.slots, self._numbers()
        for slot in np.flatnonzero(where_BC.any(axis=1)):
            at = (int(slots.index[slot]), int(numbers_B[slot]))
            made = [
                Reveal(*at, int(c), int(tokens_BC[slot, c]), float(confidence_BC[slot, c]))
                for c in np.flatnonzero(where_BC[slot])
            ]
            slots.reveals[slot] += made
            if self.watch is not None:
                self.watch(made)

    def _after_pass(self) -> None:
        slots = self.slots
        committed_B, stepped_B = slots.live & slots.commit, slots.live & ~slots.commit
        slots.passes[stepped_B] += 1
        self._count_step(stepped_B)
        slots.commit[committed_B] = False
        self._open_next(committed_B)

    def _finished(self) -> list[Decoded]:
        """Rows without masks, and rows whose answer has ended when those may stop."""
        slots, canvas = self.slots, self.config.max_new_tokens
        masked_BC = slots.masked
        first_mask_B = np.where(masked_BC.any(axis=1), masked_BC.argmax(axis=1), canvas)
        complete_B = (first_mask_B == canvas) | (slots.block >= self.config.blocks)
        ended_B = np.zeros_like(complete_B)
        if self.config.stop_at_end:
            end_BC = np.logical_or.reduce([slots.canvas == end for end in self.ends])
            first_end_B = np.where(end_BC.any(axis=1), end_BC.argmax(axis=1), canvas)
            ended_B = first_end_B < first_mask_B
        finished_B = slots.live & (complete_B | ended_B)
        if self.config.remask is not None:
            # What is decided in an open block may still be taken back.
            finished_B &= (slots.step >= self.pace.limit) | (slots.block >= self.config.blocks)
        numbers_B = self._numbers()
        answers = []
        for slot in np.flatnonzero(finished_B):
            if ended_B[slot]:
                slots.canvas[slot, masked_BC[slot]] = slots.model.eos_token_id
            answer = slots.end(int(slot), int(numbers_B[slot]), self.ends, trace=self.trace)
            answers.append(answer)
        return answers
