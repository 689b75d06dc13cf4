"""`compare`: answers before and after → comparison.json. Needs neither a model nor torch."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from dream_sft.data.dataset import load_dataset
from dream_sft.evaluation.anchor import anchor
from dream_sft.evaluation.canvas_check import canvas_check
from dream_sft.evaluation.comparison import Resampling, compare, only_suite
from dream_sft.evaluation.gathering import gather
from dream_sft.io.errors import DataError
from dream_sft.io.events import Emit
from dream_sft.io.files import file_entry, write_atomic

log = logging.getLogger("dream_sft.compare")
COMPARISON = "comparison.json"


def run(spec: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Compare `spec["before"]` with `spec["after"]`; the result event.

    Raises DataError when answers are missing, damaged, or not of the same questions and harness.
    """
    resampling = Resampling(spec["resamples"], spec["seed"])
    verdict, suites = compare(
        gather(spec["before"]),
        gather(spec["after"]),
        again=gather(spec["again"]) if spec["again"] else None,
        rows=None if spec["dataset"] is None else list(load_dataset(spec["dataset"]).rows()),
        resampling=resampling,
    )
    document = {
        "version": 1,
        "verdict": verdict,
        "suites": suites,
        "anchor": _anchor(spec["anchor"]),
        "canvasCheck": _canvas_check(spec["canvases"]),
        "bootstrap": vars(resampling),
    }
    for suite in suites:
        _say(suite, emit)
    output = Path(spec["output"])
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomic(output / COMPARISON, text)
    return {
        "type": "result",
        "command": "compare",
        "folder": str(output),
        "files": [file_entry(output, COMPARISON)],
        "metrics": {"verdict": verdict, "suites": {s["suite"]: _short(s) for s in suites}},
    }


def _short(suite: dict[str, Any]) -> dict[str, Any]:
    return {key: suite[key] for key in ("verdict", "difference", "pHolm")}


def _say(suite: dict[str, Any], emit: Emit) -> None:
    log.info(
        "%s: %.1f %% before, %.1f %% after, of %d; p %.3g (Holm %.3g): %s",
        suite["suite"],
        100 * suite["before"]["score"],
        100 * suite["after"]["score"],
        suite["n"],
        suite["p"],
        suite["pHolm"],
        suite["verdict"],
    )
    held = (suite["contamination"] or {}).get("questions", [])
    if held:
        message = f"{len(held)} questions of {suite['suite']} are in the training rows"
        emit({"type": "warning", "message": f"{message}; see {COMPARISON}"})


def _anchor(sides: dict[str, Any] | None) -> dict[str, Any] | None:
    if sides is None:
        return None
    published, default = (
        only_suite(gather(sides[side]), "gsm8k", f"anchor.{side}")
        for side in ("published", "default")
    )
    found = anchor(published, default)
    return {**vars(found), "sentence": found.sentence}


def _canvas_check(entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not entries:
        return None
    sizes = [entry["maxNewTokens"] for entry in entries]
    if len(set(sizes)) < len(sizes):
        raise DataError("canvases: each maxNewTokens may be named once")
    sides = {entry["maxNewTokens"]: gather(entry["answers"]) for entry in entries}
    names = {name for suites in sides.values() for name in suites}
    if len(names) != 1:
        raise DataError(
            f"canvases: expected answers of one suite, found {', '.join(sorted(names))}"
        )
    (name,) = names
    found = canvas_check({size: suites[name] for size, suites in sides.items()})
    canvases = [
        {
            "maxNewTokens": size,
            "n": score.n,
            "score": score.score,
            "empty": score.empty,
            "truncated": score.truncated,
            "meanAnswerTokens": score.mean_answer_tokens,
        }
        for size, score in found.scores.items()
    ]
    return {"canvases": canvases, "overflow": found.overflow, "pEmpty": found.p_empty}
