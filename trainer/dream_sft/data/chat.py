"""From a row to a chat: which text the model learns to answer with, and what happens to long rows.

A response is never shortened. A row whose prompt and response pass maxLength takes a shorter view
(rule `attempt_only`) or is dropped, and every row is counted under the rule that it fell under.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dream_sft.data.s1k import Row

DROPPED = "dropped"
ATTEMPT_ONLY = "attempt_only"


@dataclass(frozen=True)
class Choice:
    """`response` is None when the row is dropped; `rule` is the view or the rule applied."""

    rule: str
    response: str | None


def messages_of(row: Row, system_prompt: str | None) -> list[dict[str, str]]:
    """The chat up to the answer; without a system prompt the template's own default applies."""
    system = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    return [*system, {"role": "user", "content": row.question.strip()}]


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
    """The response of `row` under `view`, with `over_long` (attempt_only or drop) for what does not
    fit. `fits` says whether prompt and this response together stay within maxLength.

    view trace_if_fits: the trace when the whole fits, else the attempt, else dropped. A solution
    has no shorter form: over maxLength it is dropped under either rule.
    """
    wanted = "trace" if view == "trace_if_fits" else view
    response = response_of(row, wanted)
    if fits(response):
        return Choice(wanted, response)
    if wanted != "trace":
        return Choice(DROPPED, None)
    attempt = response_of(row, "attempt")
    if view == "trace_if_fits":
        return Choice("attempt", attempt) if fits(attempt) else Choice(DROPPED, None)
    if over_long == "attempt_only" and fits(attempt):
        return Choice(ATTEMPT_ONLY, attempt)
    return Choice(DROPPED, None)
