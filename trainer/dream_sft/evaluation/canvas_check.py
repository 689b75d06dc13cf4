"""The same questions on canvases of several sizes, to catch EOS overflow.

A model fine-tuned with long tails of end tokens believes in ends: the larger the canvas, the more
end tokens are certain early on, until whole answers are end tokens only (DreamLM/Dream#61).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dream_sft.evaluation.answers import Answer
from dream_sft.evaluation.scores import Score, score_of
from dream_sft.evaluation.statistics import mcnemar_exact
from dream_sft.io.errors import DataError

LEVEL = 0.05


@dataclass(frozen=True)
class CanvasCheck:
    """`p_empty`: exact McNemar of empty answers, smallest against largest canvas."""

    scores: dict[int, Score]  # canvas in tokens → score, smallest canvas first
    p_empty: float
    overflow: bool


def canvas_check(by_canvas: Mapping[int, Sequence[Answer]]) -> CanvasCheck:
    """Overflow: on the largest canvas more answers are empty, beyond chance (p < 0.05).

    Raises DataError for fewer than two canvases or unequal questions.
    """
    canvases = sorted(by_canvas)
    asked = [[a.id for a in by_canvas[canvas]] for canvas in canvases]
    if len(canvases) < 2 or not asked[0] or any(ids != asked[0] for ids in asked):
        raise DataError("canvases: two or more must answer the same questions")
    small, large = by_canvas[canvases[0]], by_canvas[canvases[-1]]
    pairs = list(zip(small, large, strict=True))
    more = sum(b.empty and not a.empty for a, b in pairs)
    fewer = sum(a.empty and not b.empty for a, b in pairs)
    p = mcnemar_exact(more, fewer)
    scores = {canvas: score_of(by_canvas[canvas]) for canvas in canvases}
    return CanvasCheck(scores, p, more > fewer and p < LEVEL)
