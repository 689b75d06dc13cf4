"""Facts about this process, from the kernel where it tells them."""

from __future__ import annotations

import os
import time
from pathlib import Path

_IMPORTED = time.monotonic()


def seconds_since_start() -> float:
    """Seconds since the process began (on systems without /proc: since this module was loaded)."""
    try:
        # The command name may hold spaces and brackets, so fields count from its end; start time
        # is field 22 of proc(5), in clock ticks since boot.
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started)
    except (OSError, AttributeError, IndexError, ValueError):
        return time.monotonic() - _IMPORTED


def resident_bytes() -> int | None:
    """Resident memory of this process in bytes; None where the kernel does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return None


def is_dead(pid: int) -> bool:
    """Whether no process `pid` exists any more; our own counts as dead (a reused number)."""
    if pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
