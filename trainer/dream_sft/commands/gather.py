"""`gather`: the shards of an evaluation as one. Needs neither a model nor torch."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from dream_sft.evaluation.answers import rewrite_answers
from dream_sft.evaluation.gathering import ANSWERS, complete, gather, result_of
from dream_sft.evaluation.scores import metrics_of
from dream_sft.io.events import Emit

log = logging.getLogger("dream_sft.gather")


def run(spec: dict[str, Any], _emit: Emit) -> dict[str, Any]:
    """Put the answers in `spec["answers"]` together; the result event, as that of evaluate.

    Raises DataError when they are damaged, do not belong together, or are not all.
    """
    suites = gather(spec["answers"])
    if spec["questions"] is not None:
        complete(suites, spec["questions"])
    output = Path(spec["output"])
    rewrite_answers(output / ANSWERS, [answer for found in suites.values() for answer in found])
    metrics = metrics_of(suites, 0)
    for name, score in metrics["suites"].items():
        log.info("%s: %d of %d right", name, score["correct"], score["n"])
    return result_of("gather", output, metrics)
