"""The trainer dies with the process that started it, and answers its pings until then.

Nothing half-written is ever visible (see files.py), so the end may come at any instruction.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable

from dream_sft.io import exit_codes

_PR_SET_PDEATHSIG = 1


def watch_parent(on_line: Callable[[str], None] = lambda _line: None) -> bool:
    """End this process at once when its parent is gone; returns whether there is one to watch.

    A parent that wants to be watched keeps a pipe or socket open as our stdin. With a terminal,
    a file or /dev/null there (nohup, a shell's background job) nothing is watched. A parent
    is watched twice: end of file on stdin, and on Linux the kernel's parent-death signal, which
    also works while Python does not run (a long kernel, a stopped interpreter). `on_line` is
    called, in a thread of its own, with each line that the parent writes there.
    """
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return False
    _die_with_parent_thread()
    threading.Thread(target=_read_to_end, args=(on_line,), name="parent-watch", daemon=True).start()
    return True


def _die_with_parent_thread() -> None:
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    # It may have died between its fork and the call above; the signal then never comes.
    if os.getppid() != parent:
        _end()


def _read_to_end(on_line: Callable[[str], None]) -> None:
    rest = b""
    with contextlib.suppress(OSError):
        while part := os.read(0, 4096):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                on_line(line.decode(errors="replace"))
    _end()


def _end() -> None:
    line = (
        "stdin was closed, so the parent is gone; ending (run with </dev/null to have no parent)\n"
    )
    with contextlib.suppress(OSError):
        os.write(2, line.encode())
    os._exit(exit_codes.CRASHED)
