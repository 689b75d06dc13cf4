"""Commands in forks of a process that has imported torch: a process each, without its start.

Importing torch takes seconds of a core, and tests of training run some hundred commands. A fork is
a process of its own all the same: it has its own output, its own death, and nothing of the others.
What a test does to a running process (signals, pipes, other environments) needs `builders.start`.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TRAINER = Path(__file__).resolve().parents[1]
ENVIRONMENT = {"PYTHONPATH": str(TRAINER), "OMP_NUM_THREADS": "1"}
_server: subprocess.Popen[str] | None = None


def run_warm(arguments: list[str], output: Path) -> int:
    """Exit code (or minus the signal); stdout and stderr go to `output`/stdout and /stderr."""
    global _server
    if _server is None:
        _server = subprocess.Popen(
            [sys.executable, "-m", "tests.warm"],
            cwd=TRAINER,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(_server.communicate)
    assert _server.stdin is not None and _server.stdout is not None
    order = {
        "arguments": arguments,
        "output": str(output),
        "folder": str(Path.cwd()),
        "environment": {**os.environ, **ENVIRONMENT},
    }
    print(json.dumps(order), file=_server.stdin, flush=True)
    return int(_server.stdout.readline())


def _serve() -> int:
    import dream_sft.commands.evaluate
    import dream_sft.commands.train  # noqa: F401  (and with them torch)

    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            return _carry_out(order)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return 0


def _carry_out(order: dict[str, Any]) -> int:
    from dream_sft.__main__ import main

    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(Path(order["output"]) / name, write), number)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    return main(order["arguments"])


if __name__ == "__main__":
    sys.exit(_serve())
