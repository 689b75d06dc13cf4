"""A folder's files over HTTP on the loopback, no faster than a stated rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.download.server import serve

CHUNK_BYTES = 1024 * 1024


class _Pace:
    """All answers together keep to the rate."""

    def __init__(self, bytes_per_second: float) -> None:
        self._rate, self._lock = bytes_per_second, threading.Lock()
        self._free_at = time.monotonic()

    def wait(self, count: int) -> None:
        with self._lock:
            begun = max(self._free_at, time.monotonic())
            self._free_at = begun + count / self._rate
        time.sleep(max(0.0, self._free_at - time.monotonic()))


@contextmanager
def serving(folder: Path, megabytes_per_second: float) -> Iterator[str]:
    """Yields the address, without a final slash."""
    pace = _Pace(megabytes_per_second * 1e6)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path = folder / Path(handler.path).name
        handler.send_response(200)
        handler.send_header("Content-Length", str(path.stat().st_size))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        with path.open("rb") as handle:
            while part := handle.read(CHUNK_BYTES):
                pace.wait(len(part))
                handler.wfile.write(part)

    with serve(answer) as address:
        yield address
