"""How long a start takes, by its parts: in the log and in `startup.json` of the run directory."""

from __future__ import annotations

import json
import logging
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dream_sft.io.events import Emit, Event
from dream_sft.io.files import write_atomic
from dream_sft.io.process_info import seconds_since_start

FILE = "startup.json"
# The first step of a process also compiles and warms up; those after it tell the usual time.
_STEPS_TO_KNOW = 5

log = logging.getLogger("dream_sft.train")


class StartUp:
    """Seconds from process start to the end of the first step.

    `parts` follow each other and sum up to the first step's end. `compileSeconds` = first step -
    usual step (median of steps 2 to 5 of this process). With a try of the largest row
    (`tryRow`, packed rows on a GPU), most of the compilation is there instead.
    """

    def __init__(
        self,
        run_dir: Path,
        *,
        resumed_from: str | None,
        compiled: bool,
        alive: Callable[[], None] = lambda: None,
        compiled_all: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = seconds_since_start,
    ) -> None:
        """`alive` is called at the end of each part, `compiled_all` after the first step."""
        self._file, self._clock, self._alive = run_dir / FILE, clock, alive
        self._about = {"resumedFrom": resumed_from, "compile": compiled}
        self._compiled_all = compiled_all
        self._parts: dict[str, float] = {}
        self._last = 0.0
        self._steps: list[float] = []
        self.part("imports")

    def part(self, name: str) -> None:
        """What ran since the last part, or since process start, was `name`."""
        now = self._clock()
        self._parts[name] = self._parts.get(name, 0.0) + now - self._last
        self._last = now
        self._alive()

    def watching(self, emit: Emit) -> Emit:
        """`emit` that also notes the first steps."""

        def watched(event: Event) -> None:
            emit(event)
            if event["type"] == "step" and len(self._steps) < _STEPS_TO_KNOW:
                self._step(event)

        return watched

    def to_json(self) -> dict[str, Any]:
        """The content of startup.json, as far as known. Seconds."""
        usual = statistics.median(self._steps[1:]) if len(self._steps) > 1 else None
        first = self._steps[0] if self._steps else None
        known = usual is not None and first is not None
        return {
            **self._about,
            "secondsToFirstStep": _rounded(sum(self._parts.values())) if self._steps else None,
            "parts": {name: _rounded(seconds) for name, seconds in self._parts.items()},
            "firstStepSeconds": _rounded(first),
            "usualStepSeconds": _rounded(usual),
            "compileSeconds": _rounded(max(0.0, first - usual)) if known else None,  # type: ignore[operator]
        }

    def _step(self, event: Event) -> None:
        self._steps.append(event["secondsData"] + event["secondsCompute"])
        if len(self._steps) == 1:
            self.part("firstStep")
            self._compiled_all()
            parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self._parts.items())
            log.info("first step %.1f s after process start: %s", self._last, parts)
            self._write()
        if len(self._steps) == _STEPS_TO_KNOW:
            content = self.to_json()
            log.info(
                "the first step took %.1f s, later ones %.2f s: %.1f s of compiling and warming up",
                content["firstStepSeconds"], content["usualStepSeconds"], content["compileSeconds"],
            )  # fmt: skip
            self._write()

    def finish(self) -> None:
        """A run of few steps: write what is known."""
        if 1 < len(self._steps) < _STEPS_TO_KNOW:
            self._write()

    def _write(self) -> None:
        try:
            write_atomic(self._file, json.dumps(self.to_json(), indent=2) + "\n")
        except OSError as error:
            # Only information: a disk that is full will be told by the next checkpoint.
            log.warning("cannot write %s (%s)", self._file, error)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
