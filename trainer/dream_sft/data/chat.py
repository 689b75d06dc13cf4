"""From a row to a chat: which text the model learns to answer with, and what happens to long rows.

A row whose prompt and response pass maxLength takes a shorter view (rule `attempt_only`), is
dropped (`over_long`), or is cut from the right (`cut_right`, for d1's published recipe alone: a
response that stops anywhere teaches answers that do not follow). Rows are counted by rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dream_sft.data.s1k import Row

ATTEMPT_ONLY = "attempt_only"
CUT_RIGHT = "cut_right"
# Rules under which a row is dropped.
OVER_LONG = "over_long"
TOO_SHORT = "too_short"
# What a question that wants its answer in a box says, in training as in evaluation (math500).
BOXED_INSTRUCTION = "Please reason step by step, and put your final answer within \\boxed{}."
_BOX = re.compile(r"\\boxed\s*\{")


@dataclass(frozen=True)
class Choice:
    """`rule` is the view or the rule applied. `response` is None when the row is dropped, and whole
    also when it is to be cut."""

    rule: str
    response: str | None

    @property
    def cut(self) -> bool:
        return self.rule == CUT_RIGHT


def messages_of(
    row: Row, system_prompt: str | None, instruction: str | None = None
) -> list[dict[str, str]]:
    """The chat up to the answer; without a system prompt the template's own default applies. The
    instruction follows the question on a line of its own."""
    system = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    lines = [row.question.strip()] if instruction is None else [row.question.strip(), instruction]
    return [*system, {"role": "user", "content": "\n".join(lines)}]


def boxes_answer(row: Row, view: str) -> bool:
    """Whether what the model learns to end with, the attempt or under view solution the solution,
    puts an answer into a box."""
    text = row.solution if view == "solution" else row.attempt
    return _BOX.search(text or "") is not None


def response_of(row: Row, view: str) -> str:
    """The text of one plain view (attempt, trace, solution), outer white space removed.

    The trace view is the thinking trace, a blank line, the attempt; several trajectories are joined
    by blank lines.
    """
    if view == "solution":
        return (row.solution or "").strip()
    attempt = (row.attempt or "").strip()
    if view == "attempt":
        return attempt
    if view == "trace":
        return "\n\n".join([*(trace.strip() for trace in row.traces), attempt])
    raise ValueError(f"no plain view {view!r}")


def choose(row: Row, view: str, over_long: str, fits: Callable[[str], bool]) -> Choice:
    """The response of `row` under `view`, with `over_long` (attempt_only, drop or cut_right) for
    what does not fit. `fits` says whether prompt and this response together stay within maxLength.

    view trace_if_fits: the trace when the whole fits, else the attempt, to which `over_long`
    applies. A solution has no shorter form, nor has an attempt: attempt_only drops them.
    """
    wanted = "trace" if view == "trace_if_fits" else view
    response = response_of(row, wanted)
    if fits(response):
        return Choice(wanted, response)
    shorter = {"trace_if_fits": "attempt"}.get(view)
    if view == "trace" and over_long == "attempt_only":
        shorter = ATTEMPT_ONLY
    if shorter is not None:
        response = response_of(row, "attempt")
        if fits(response):
            return Choice(shorter, response)
    return Choice(CUT_RIGHT, response) if over_long == CUT_RIGHT else Choice(OVER_LONG, None)
