"""The endpoints of the Hugging Face hub that huggingface_hub uses for one repository."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Set
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.download.server import reply

COMMIT = "a" * 40
REPO = "owner/tiny"


class HubServer:
    """`files` at one commit; names in `large` are listed with a sha256 (as LFS), the rest with a
    git blob id. `served` may replace the content that is sent; `token` is needed when given."""

    def __init__(
        self, files: dict[str, bytes], *, large: Set[str] = frozenset(), token: str | None = None
    ) -> None:
        self.files = files
        self.large = large
        self.token = token
        self.served: dict[str, list[bytes]] = {}
        self.fetched: list[str] = []

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(handler.path).path)
        if self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            reply(handler, 401, b"", {"X-Error-Code": "RepoNotFound"})
        elif path.startswith(f"/api/models/{REPO}"):
            self._info(handler, path)
        elif path.startswith(f"/{REPO}/resolve/{COMMIT}/"):
            self._file(handler, path.removeprefix(f"/{REPO}/resolve/{COMMIT}/"))
        else:
            reply(handler, 404, b"", {"X-Error-Code": "RepoNotFound"})

    def _info(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        revision = path.removeprefix(f"/api/models/{REPO}").removeprefix("/revision/")
        if revision not in ("", "main", COMMIT):
            reply(handler, 404, b"", {"X-Error-Code": "RevisionNotFound"})
            return
        siblings = [self._sibling(name, content) for name, content in self.files.items()]
        body = {"id": REPO, "sha": COMMIT, "siblings": siblings, "tags": [], "private": False}
        reply(handler, 200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _sibling(self, name: str, content: bytes) -> dict[str, Any]:
        sibling: dict[str, Any] = {
            "rfilename": name,
            "size": len(content),
            "blobId": blob_id(content),
        }
        if name in self.large:
            digest = hashlib.sha256(content).hexdigest()
            sibling["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 130}
        return sibling

    def _file(self, handler: BaseHTTPRequestHandler, name: str) -> None:
        if name not in self.files:
            reply(handler, 404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        content = self.files[name]
        listed = self._sibling(name, content)
        etag = listed["lfs"]["sha256"] if "lfs" in listed else listed["blobId"]
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}
        if handler.command == "GET":
            self.fetched.append(name)
            if self.served.get(name):
                content = self.served[name].pop(0)
        reply(handler, 200, content, headers)


def blob_id(content: bytes) -> str:
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
