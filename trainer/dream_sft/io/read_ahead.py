"""Has the kernel read a command's weights into its page cache while Python still imports torch.

Imports and checks keep one core busy for ten seconds before the first weight is asked for; a disk
that idles meanwhile lengthens every start by as much. Files are sent to /dev/null: the kernel reads
them without a copy, in calls of seconds that hold no lock of Python's. (posix_fadvise takes as
little as 128 KiB a call, and a thread that competes with imports waits 5 ms for each.) Nothing is
held here, nothing is checked; whoever loads the weights finds them there, or waits for the disk as
before. Where the system cannot do it (macOS) nothing happens.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from pathlib import Path
from typing import Any

from dream_sft.io.host_memory import available_host_bytes

_PIECE_BYTES = 1 << 30
_THREADS = 4
# Of free memory: pages that are thrown out before they are used would be read twice.
_SHARE = 0.5


def weights_folder(spec: dict[str, Any]) -> Path | None:
    """Where the whole model that `spec` (defaults filled in) loads lies; None when it loads none.

    A full fine-tuning goes on from its checkpoint's weights, LoRA from its base.
    """
    if spec["command"] == "train":
        if spec["training"]["method"] == "full" and spec["resumeFrom"] is not None:
            return Path(spec["resumeFrom"]) / "model"
        return Path(spec["base"])
    named = spec.get("base", spec.get("model"))
    return None if named is None else Path(named)


def read_ahead(folder: Path) -> list[threading.Thread]:
    """Read the folder's weights in threads of their own; none where a file cannot be sent."""
    if not hasattr(os, "sendfile"):
        return []
    parts = deque(_parts(folder, int(_SHARE * available_host_bytes())))
    threads = [
        threading.Thread(target=_read_all, args=(parts,), name="read-ahead", daemon=True)
        for _ in range(min(_THREADS, len(parts)))
    ]
    for thread in threads:
        thread.start()
    return threads


def _parts(folder: Path, room: int) -> list[tuple[Path, int]]:
    """Each file, and how many of its bytes; all of them within `room`, the first files first."""
    parts = []
    # A folder that is absent or unreadable is told by whoever loads it, with all its mistakes.
    with contextlib.suppress(OSError):
        for path in sorted(folder.glob("*.safetensors")):
            size = min(path.stat().st_size, room)
            room -= size
            if size:
                parts.append((path, size))
    return parts


def _read_all(parts: deque[tuple[Path, int]]) -> None:
    with contextlib.suppress(IndexError):
        while True:
            _read(*parts.popleft())


def _read(path: Path, size: int) -> None:
    with contextlib.suppress(OSError), path.open("rb") as file, Path(os.devnull).open("wb") as null:
        at = 0
        while at < size and (
            sent := os.sendfile(null.fileno(), file.fileno(), at, min(size - at, _PIECE_BYTES))
        ):
            at += sent
