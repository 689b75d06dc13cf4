"""`--help` of a command: every key of its spec, from the schema that validates it."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from dream_sft.io.schemas import branches_of, describe, load_schema

_ABOUT = {
    "download": "Fetch files from the Hugging Face hub, a URL or a path, pinned and verified.",
    "convert": "Turn rows of s1K into token ids with prompt lengths.",
    "validate": "Look a converted data set over: lengths, duplicates, overlap with suites.",
    "train": "Fine-tune a model on a converted data set, from the start or from a checkpoint.",
    "sample": "Answer questions with a model.",
    "evaluate": "Answer and grade the questions of suites, in batches that survive a stop.",
    "merge": "Add a LoRA adapter to its base: a whole model, rounded once, and how far it moved.",
    "gather": "Put the shards of an evaluation together: all answers and their scores.",
    "strategies": "Decode the same questions in several ways: score, speed, passes of each.",
    "trace": "Decode chosen questions of suites once more, and save how each answer formed.",
    "compare": "Compare answers before and after: intervals, tests, a verdict and what to do.",
}
_FOOTER = """\
stdout carries one JSON event a line and nothing else; stderr and <runDir>/<command>.log are for
people. Relative paths count from the spec file's folder. The process ends when a pipe or socket
on its stdin is closed (its parent died); give </dev/null to run it without a parent. SIGTERM asks
train and evaluate to write a checkpoint and end with 75.
exit codes: 0 finished · 1 crashed (resume) · 64 wrong spec · 65 wrong data, weights or checkpoint
· 66 diverged · 69 out of memory or disk · 75 stopped on request, checkpoint staged
"""


def about(command: str) -> str:
    """One line on what the command does."""
    return _ABOUT[command]


def spec_help(command: str) -> str:
    """Text that explains every key: what it must be, its default, what it is for."""
    lines = [
        f"usage: python -m dream_sft {command} --spec FILE",
        "",
        about(command),
        "",
        "FILE is a JSON object with these keys (* must be given):",
        *_keys(load_schema(f"{command}-spec"), ""),
        "",
        _FOOTER,
    ]
    return "\n".join(lines)


def _keys(schema: dict[str, Any], place: str) -> list[str]:
    lines: list[str] = []
    for key, part in schema.get("properties", {}).items():
        where = f"{place}{key}"
        star = "*" if key in schema.get("required", []) else " "
        default = f", default {json.dumps(part['default'])}" if "default" in part else ""
        kind = "object" if "properties" in part else describe(part)
        lines.append(f" {star} {where}: {kind}{default}")
        if "description" in part:
            lines += textwrap.wrap(part["description"], 92, initial_indent=" " * 8)
        lines += _inside(part, where)
    return lines


def _inside(part: dict[str, Any], where: str) -> list[str]:
    if "properties" in part:
        return _keys(part, f"{where}.")
    items = part.get("items")
    if isinstance(items, dict) and "properties" in items:
        return _keys(items, f"{where}[].")
    lines: list[str] = []
    for branch in branches_of(part):
        lines += _keys(branch, f"{where}.")
    return lines
