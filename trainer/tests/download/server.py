"""A real HTTP server on the loopback that can break off, ignore ranges and change its file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serve(answer: Answer) -> Iterator[str]:
    """Answers GET and HEAD with `answer`; yields the address without a final slash."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer(self)

        def do_HEAD(self) -> None:
            answer(self)

        def log_message(self, *_: Any) -> None:
            """Silent: tests read what was asked from their own records."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    headers: dict[str, str] | None = None,
    *,
    announced: int | None = None,
) -> None:
    """Sends `body`; with `announced` larger than the body the connection breaks off before it."""
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if announced is None else announced))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)
    if announced is not None:
        handler.close_connection = True


class FileServer:
    """One file, at most `break_after` bytes of it an answer; keeps the Range and If-Range asked."""

    def __init__(
        self,
        content: bytes,
        *,
        break_after: int | None = None,
        breaks: int = 10**9,
        ranges: bool = True,
        etag: str | None = '"v1"',
    ) -> None:
        self.content = content
        self.break_after = break_after
        self.breaks = breaks
        self.ranges = ranges
        self.etag = etag
        self.asked: list[tuple[str | None, str | None]] = []

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        wanted, condition = handler.headers.get("Range"), handler.headers.get("If-Range")
        self.asked.append((wanted, condition))
        headers = {} if self.etag is None else {"ETag": self.etag}
        start = 0
        if wanted and self.ranges and condition in (None, self.etag):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            size = len(self.content)
            if start >= size:
                reply(handler, 416, b"", {"Content-Range": f"bytes */{size}"})
                return
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        rest = self.content[start:]
        status = 206 if start else 200
        if self.break_after is None or self.breaks == 0 or len(rest) <= self.break_after:
            reply(handler, status, rest, headers)
        else:
            self.breaks -= 1
            reply(handler, status, rest[: self.break_after], headers, announced=len(rest))
