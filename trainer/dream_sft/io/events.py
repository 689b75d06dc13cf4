"""Event lines: the only thing that ever reaches the real stdout.

Each event is validated by the contract's schema and written as one JSON line, at once.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator

from dream_sft.io import exit_codes
from dream_sft.io.schemas import load_schema

Event = dict[str, Any]
Emit = Callable[[Event], None]


def take_stdout() -> int:
    """Keep the real stdout for events and let file descriptor 1 mean stderr from now on.

    A stray print of a library, or of a process it starts, then lands among the logs. Returns the
    file descriptor for events; it is not inherited by child processes.
    """
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)
    return real


class Emitter:
    """Callable that validates and writes one event; safe to call from several threads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._validators = {
            name: Draft202012Validator(branch) for name, branch in _branches().items()
        }

    def __call__(self, event: Event) -> None:
        """Raises ValueError for an event that the contract does not know (a mistake of ours)."""
        check(event, self._validators)
        text = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        rest = memoryview((text + "\n").encode())
        with self._lock:
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except BrokenPipeError:
                # Nobody reads any more: the parent is gone, and so is the point of going on.
                os._exit(exit_codes.CRASHED)


def answer_pings(tell: Emit) -> Callable[[str], None]:
    """For lines of the parent: `ping N` is answered by `pong`, at once; nothing else is known."""

    def answer(line: str) -> None:
        word, _, number = line.partition(" ")
        if word == "ping" and number.isdecimal():
            tell({"type": "pong", "id": int(number)})

    return answer


def check(event: Event, validators: dict[str, Draft202012Validator] | None = None) -> None:
    """Validate one event. Raises ValueError naming the key that is wrong."""
    known = validators or {n: Draft202012Validator(b) for n, b in _branches().items()}
    name = _name(event)
    if name not in known:
        raise ValueError(f"unknown event {name!r}; events: {', '.join(sorted(known))}")
    error = next(iter(known[name].iter_errors(event)), None)
    if error is not None:
        where = "/".join(map(str, error.absolute_path)) or "event"
        raise ValueError(f"event {name}, {where}: {error.message}")


def _name(event: Event) -> str:
    kind = str(event.get("type"))
    return f"result {event.get('command')}" if kind == "result" else kind


def _branches() -> dict[str, dict[str, Any]]:
    """One schema per kind of event: trying all branches of the union would cost milliseconds."""
    found: dict[str, dict[str, Any]] = {}
    waiting = [load_schema("event")]
    while waiting:
        schema = waiting.pop()
        waiting += schema.get("anyOf", []) + schema.get("oneOf", [])
        parts = schema.get("properties", {})
        if "type" in parts:
            constants = {k: parts[k].get("const") for k in ("type", "command") if k in parts}
            found[_name(constants)] = schema
    return found
