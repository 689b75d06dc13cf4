"""kind: url. One file over HTTP(S), resumed after a break, visible only when whole and verified."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dream_sft.download.http_part import Interrupted, PartialFile, fetch_once
from dream_sft.download.item import Emit, Fetched
from dream_sft.io.errors import DataError, NetworkError, SpecError
from dream_sft.io.files import sha256_file, sync_file, sync_folder

TRIES_WITHOUT_PROGRESS = 5
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


def fetch(
    source: dict[str, Any],
    destination: Path,
    emit: Emit,
    pause: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Brings source["url"] to `destination`, under the last part of its path.

    Raises SpecError (not HTTP, refused or not found), NetworkError (unreachable after five tries
    without a new byte), DataError (digest).
    """
    url, wanted = source["url"], source.get("sha256")
    target = destination / _name(url)
    if wanted is not None and target.is_file() and sha256_file(target) == wanted:
        return Fetched([target])
    part = PartialFile(destination, target.name, url)
    resumed = _complete(part, emit, pause, digest_known=wanted is not None)
    if wanted is not None and sha256_file(part.path) != wanted and resumed:
        # Perhaps the halves come from two versions of the file: once more, from the start.
        part.discard()
        _complete(part, emit, pause, digest_known=True)
    found = sha256_file(part.path) if wanted is not None else None
    if found != wanted:
        part.discard()
        raise DataError(f"{url}: has sha256 {found}, expected {wanted}; nothing was kept")
    sync_file(part.path)
    part.path.replace(target)
    part.discard()
    sync_folder(destination)
    return Fetched([target])


def _name(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SpecError(f"{url}: only http and https addresses can be fetched")
    name = unquote(parts.path.rsplit("/", 1)[-1])
    if not name or not re.fullmatch(r"[^./\\\0][^/\\\0]*", name):
        raise SpecError(f"{url}: the address does not end in a file name")
    return name


def _complete(
    part: PartialFile, emit: Emit, pause: Callable[[float], None], *, digest_known: bool
) -> bool:
    """Fetches until the file is whole; whether it was put together from several answers."""
    failures, resumed = 0, False
    while True:
        before = part.size
        resumed = resumed or before > 0
        try:
            fetch_once(part, emit, digest_known=digest_known)
            return resumed
        except Interrupted as error:
            failures = 1 if part.size > before else failures + 1
            if failures >= TRIES_WITHOUT_PROGRESS:
                raise NetworkError(
                    f"{part.url}: {error}; tried {failures} times. Check the connection; what "
                    "arrived is kept, and the next download goes on from there"
                ) from error
            pause(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (failures - 1)))
