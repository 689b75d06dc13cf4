"""The command line as a process: exit codes, one clear message, life bound to the parent's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dream_sft.io.schemas import COMMANDS

PYTHON = [sys.executable, "-m", "dream_sft"]


def dream_sft(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PYTHON, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


def test_help_needs_no_torch() -> None:
    code = (
        "import sys\n"
        "from dream_sft.__main__ import main\n"
        "assert main(['train', '--help']) == 0\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "training.learningRate" in done.stdout
    overview = dream_sft("--help")
    assert overview.returncode == 0
    assert all(f"  {name}" in overview.stdout for name in COMMANDS)


def test_help_into_a_reader_that_has_gone_ends_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        done = subprocess.run(
            [*PYTHON, "train", "--help"],
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bad_spec_ends_with_64_and_says_everything_once(tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text('{"command": "train", "bse": "x"}')
    done = dream_sft("train", "--spec", str(spec))
    assert done.returncode == 64
    started, error = (json.loads(line) for line in done.stdout.splitlines())
    assert (started["type"], error["type"], error["reason"]) == ("started", "error", "spec")
    assert len(error["mistakes"]) == 7  # six keys missing, one unknown
    assert all(mistake in done.stderr for mistake in error["mistakes"])
    assert "Traceback" not in done.stderr


def test_unknown_commands_and_missing_options_end_with_64() -> None:
    for words in (["trian", "--spec", "x"], ["train"], []):
        done = dream_sft(*words)
        assert done.returncode == 64, words
        assert done.stdout == "" and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("raised", "resource", "advice"),
    [
        ("torch.OutOfMemoryError('CUDA out of memory. Tried\\nmore')", "gpu-memory", "batchSize"),
        ("torch.OutOfMemoryError()", "gpu-memory", "(OutOfMemoryError)"),
        ("RuntimeError('DefaultCPUAllocator: not enough memory')", "host-memory", "free memory"),
        ("MemoryError()", "host-memory", "free memory"),
    ],
)
def test_memory_that_runs_out_anywhere_ends_with_69(
    tmp_path: Path, raised: str, resource: str, advice: str
) -> None:
    spec = {"command": "sample", "runDir": "run", "model": "m", "questions": ["?"], "sampling": {}}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    code = (
        "import sys, torch\n"
        "from dream_sft.__main__ import main\n"
        "from dream_sft.commands import sample\n"
        "def run(spec, emit):\n"
        f"    raise {raised}\n"
        "sample.run = run\n"
        f"sys.exit(main(['sample', '--spec', {str(tmp_path / 'spec.json')!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 69
    _started, budget, error = (json.loads(line) for line in done.stdout.splitlines())
    told = dict.fromkeys(("device", "tokenBudget", "tokens", "documents"))
    assert budget == {"type": "budget", "resource": resource, **told}
    assert error["reason"] == "resources" and advice in error["message"]
    assert "Traceback" not in done.stderr and "\nmore" not in error["message"]


def waiting_child(parent_end: str) -> str:
    """Code of a parent whose child watches it, says so, and then waits for ever.

    The child holds our pipe as its stdout: reading it to the end means that the child is gone.
    """
    child = (
        "import os, signal\n"
        "from dream_sft.io.parent_watch import watch_parent\n"
        "assert watch_parent()\n"
        "os.write(1, b'watching\\n')\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])\n"
        "while True: signal.pause()\n"
    )
    return (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-c', {child!r}], stdin=subprocess.PIPE)\n"
        f"{parent_end}\n"
        "p.wait()\n"
    )


def run_until_the_child_is_gone(code: str, kill: bool) -> str:
    read, write = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=write, stderr=write
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        assert pipe.readline() == "watching\n"
        if kill:
            parent.send_signal(signal.SIGKILL)
        else:
            assert parent.stdin is not None
            parent.stdin.write(b"go on\n")
            parent.stdin.flush()
        rest = pipe.read()  # ends when nobody holds the pipe any more
    parent.wait()
    return rest


def test_the_child_dies_when_its_parent_is_killed() -> None:
    run_until_the_child_is_gone(waiting_child("pass"), kill=True)


def test_the_child_dies_when_its_stdin_is_closed() -> None:
    assert "stdin was closed" in run_until_the_child_is_gone(
        waiting_child("sys.stdin.readline(); p.stdin.close()"), kill=False
    )


def test_nothing_is_watched_without_a_pipe_on_stdin() -> None:
    code = "from dream_sft.io.parent_watch import watch_parent; assert not watch_parent()"
    subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, check=True)
