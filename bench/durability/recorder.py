"""Runs the trainer in this very process, and writes down each event with its time as well.

    python recorder.py FOLDER train --spec FILE

The killer's truth: a step stands in FOLDER before whoever started the trainer can hear of it, and
a SIGKILL of the process loses none. Pid, parent, signals and exit code are the trainer's own.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from pathlib import Path
from typing import Any

from dream_sft.io import events

_KEPT = ("type", "step", "folder", "metrics")


class Recorder:
    """One file for this process, named by its start so that names sort by time."""

    def __init__(self, folder: Path) -> None:
        name = f"{time.time_ns() // 1_000_000:015}-{os.getpid()}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(folder / name, flags, 0o644)

    def write(self, record: dict[str, Any]) -> None:
        line = json.dumps({"at": time.time_ns() / 1e6, **record})
        os.write(self._file, (line + "\n").encode())


def main() -> None:
    folder, *arguments = sys.argv[1:]
    recorder = Recorder(Path(folder))
    spec = json.loads(Path(arguments[arguments.index("--spec") + 1]).read_text())
    recorder.write({"type": "process", "pid": os.getpid(), "parent": os.getppid(), "spec": spec})

    class Recording(events.Emitter):
        def __call__(self, event: events.Event) -> None:
            recorder.write({key: event[key] for key in _KEPT if key in event})
            super().__call__(event)

    events.Emitter = Recording  # type: ignore[misc]
    sys.argv = ["dream_sft", *arguments]
    runpy.run_module("dream_sft", run_name="__main__", alter_sys=True)


main()
