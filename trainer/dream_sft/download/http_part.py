"""One HTTP answer into a partial file, from its end where the server allows.

A part is `.<name>.part` with `.<name>.part.json` beside it: the address and the validator (strong
ETag or Last-Modified) of the version it belongs to. If-Range (RFC 9110, section 13.1.5) makes the
server send the rest of that version or the whole of a newer one.
"""

from __future__ import annotations

import errno
import http.client
import json
import re
import ssl
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from dream_sft.download.item import Emit, progress
from dream_sft.io.errors import SpecError
from dream_sft.io.files import write_atomic

TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1 << 20
PROGRESS_BYTES = 16 << 20
RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class Interrupted(Exception):  # noqa: N818 - not yet an error: the download is tried again
    """The answer ended too early or never came; says why in a few words."""


class PartialFile:
    """The bytes of `url` that have arrived so far."""

    def __init__(self, folder: Path, name: str, url: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.url = url
        self.name = name
        self.path = folder / f".{name}.part"
        self._note = folder / f".{name}.part.json"
        if self._read_note().get("url") != url:
            self.discard()

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def validator(self) -> str | None:
        value = self._read_note().get("validator")
        return value if isinstance(value, str) else None

    def begin(self, validator: str | None) -> None:
        """Starts from nothing, with the version that this answer has."""
        self.discard()
        write_atomic(self._note, json.dumps({"url": self.url, "validator": validator}))
        self.path.touch()

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _read_note(self) -> dict[str, Any]:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}


def fetch_once(part: PartialFile, emit: Emit, *, digest_known: bool) -> None:
    """One request; returns when the part is whole.

    `digest_known` (it will be checked) allows to go on without a validator, and to take an answer
    that does not say how long it is.
    Raises Interrupted (try again) and SpecError (the server will not give this file).
    """
    headers = {"User-Agent": "dream-sft", "Accept-Encoding": "identity"}
    if part.size and (part.validator or digest_known):
        headers["Range"] = f"bytes={part.size}-"
        if part.validator:
            headers["If-Range"] = part.validator
    try:
        with urlopen(Request(part.url, headers=headers), timeout=TIMEOUT_SECONDS) as response:
            _receive(part, response, emit, digest_known)
    except HTTPError as error:
        _refused(part, error)
    except URLError as error:
        raise Interrupted(f"cannot be reached ({_reason(error.reason)})") from error
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, OSError) and not _is_network(error):
            raise
        raise Interrupted(f"the connection broke off ({_reason(error)})") from error


def _receive(
    part: PartialFile, response: http.client.HTTPResponse, emit: Emit, digest_known: bool
) -> None:
    start, total = _range(response)
    if response.status == 206 and start != part.size:
        part.discard()
        raise Interrupted("the server sent another range than was asked for")
    if response.status != 206:
        part.begin(_validator(response.headers))
        length = response.headers.get("Content-Length")
        total = int(length) if length and length.isdigit() else None
    if total is None and not response.chunked and not digest_known:
        raise SpecError(
            f"{part.url}: the server does not say how long the file is, so half of it could not be "
            "told from the whole; give source.sha256"
        )
    said = part.size
    with part.path.open("ab") as file:
        while chunk := response.read(CHUNK_BYTES):
            file.write(chunk)
            if file.tell() - said >= PROGRESS_BYTES:
                said = file.tell()
                progress(emit, part.name, said, total, "bytes")
    if total is not None and part.size != total:
        if part.size > total:
            part.discard()
        raise Interrupted(f"the connection broke off at byte {part.size} of {total}")
    progress(emit, part.name, part.size, total, "bytes")


def _range(response: http.client.HTTPResponse) -> tuple[int | None, int | None]:
    found = re.fullmatch(
        r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip()
    )
    if not found:
        return None, None
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _validator(headers: Message) -> str | None:
    etag = headers.get("ETag")
    if etag and not etag.startswith("W/"):
        return etag
    modified: str | None = headers.get("Last-Modified")
    return modified


def _refused(part: PartialFile, error: HTTPError) -> None:
    """Returns when a 416 says that the part was whole already; raises otherwise."""
    if error.code == 416:
        total = error.headers.get("Content-Range", "").rpartition("/")[2]
        if total.isdigit() and int(total) == part.size:
            return
        part.discard()
        raise Interrupted("what had arrived does not fit the file any more") from error
    if error.code in RETRIED_STATUS:
        raise Interrupted(f"the server answers {error.code} {error.reason}") from error
    raise SpecError(
        f"{part.url}: the server answers {error.code} {error.reason}; correct the address"
    ) from error


def _is_network(error: OSError) -> bool:
    """A full disk or a folder that cannot be written is no reason to ask the server again."""
    unreachable = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
    known = (TimeoutError, ConnectionError, ssl.SSLError)
    return isinstance(error, known) or error.errno in unreachable


def _reason(error: object) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
