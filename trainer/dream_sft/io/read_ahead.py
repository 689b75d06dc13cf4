"""Has the kernel read a command's weights into its page cache while Python still imports torch.

Imports and checks keep one core busy for ten seconds before the first weight is asked for; a disk
that idles meanwhile lengthens every start by as much. Only the kernel reads: nothing is held here,
nothing is checked, and whoever loads the weights later finds them there, or waits for the disk as
before. Where the system call is missing (macOS) nothing happens.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Any

from dream_sft.io.host_memory import available_host_bytes

# Asked for piece by piece: a call returns when its requests are with the disk.
_PIECE_BYTES = 16 * 1024 * 1024
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


def read_ahead(folder: Path) -> threading.Thread | None:
    """Ask for the folder's weights in a thread of its own; None where nothing can be asked."""
    if not hasattr(os, "posix_fadvise"):
        return None
    room = int(_SHARE * available_host_bytes())
    thread = threading.Thread(target=_ask, args=(folder, room), name="read-ahead", daemon=True)
    thread.start()
    return thread


def _ask(folder: Path, room: int) -> None:
    # A folder that is absent or unreadable is told by whoever loads it, with all its mistakes.
    with contextlib.suppress(OSError):
        for path in sorted(folder.glob("*.safetensors")):
            with path.open("rb") as handle:
                size = min(os.fstat(handle.fileno()).st_size, room)
                room -= size
                for at in range(0, size, _PIECE_BYTES):
                    piece = min(_PIECE_BYTES, size - at)
                    os.posix_fadvise(handle.fileno(), at, piece, os.POSIX_FADV_WILLNEED)
