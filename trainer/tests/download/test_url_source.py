"""Downloads over a real connection that breaks, lies and comes back."""

from __future__ import annotations

import hashlib
import random
import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from dream_sft.download.url_source import fetch
from dream_sft.io.errors import DataError, NetworkError, SpecError
from dream_sft.io.events import check
from tests.download.server import FileServer, reply, serve

CONTENT = random.Random(7).randbytes(100_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def get(url: str, folder: Path, sha256: str | None = None) -> tuple[bytes, list[float]]:
    """The content that arrived and the pauses made; fails on a leftover beside the file."""
    pauses: list[float] = []
    source: dict[str, Any] = {"kind": "url", "url": url}
    if sha256:
        source["sha256"] = sha256
    fetched = fetch(source, folder, check, pauses.append)
    assert [p.name for p in folder.iterdir()] == [fetched.paths[0].name]
    return fetched.paths[0].read_bytes(), pauses


def visible(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if not p.name.startswith(".")]


def test_whole_file_in_one_answer(tmp_path: Path) -> None:
    with serve(FileServer(CONTENT)) as address:
        assert get(f"{address}/data/rows%20a.jsonl?x=1", tmp_path) == (CONTENT, [])
    assert (tmp_path / "rows a.jsonl").is_file()


def test_broken_download_goes_on_where_it_broke(tmp_path: Path) -> None:
    server = FileServer(CONTENT, break_after=30_000)
    with serve(server) as address:
        content, pauses = get(f"{address}/f.bin", tmp_path, DIGEST)
    assert content == CONTENT
    assert server.asked == [
        (None, None),
        ("bytes=30000-", '"v1"'),
        ("bytes=60000-", '"v1"'),
        ("bytes=90000-", '"v1"'),
    ]
    assert pauses == [1.0, 1.0, 1.0]


def test_a_later_process_goes_on_from_what_was_kept(tmp_path: Path) -> None:
    server = FileServer(CONTENT, break_after=40_000, breaks=1)

    def killed(_: float) -> None:
        raise KeyboardInterrupt

    with serve(server) as address:
        source = {"kind": "url", "url": f"{address}/f.bin"}
        with pytest.raises(KeyboardInterrupt):
            fetch(source, tmp_path, check, killed)
        assert visible(tmp_path) == []
        assert get(source["url"], tmp_path)[0] == CONTENT
    assert server.asked[-1] == ("bytes=40000-", '"v1"')


def test_server_without_ranges_is_read_from_the_start(tmp_path: Path) -> None:
    server = FileServer(CONTENT, break_after=50_000, breaks=2, ranges=False)
    with serve(server) as address:
        assert get(f"{address}/f.bin", tmp_path)[0] == CONTENT
    assert len(server.asked) == 3


def test_file_that_changed_in_between_is_read_from_the_start(tmp_path: Path) -> None:
    server = FileServer(CONTENT, break_after=50_000, breaks=1)
    changed = CONTENT[::-1]

    def change(_: float) -> None:
        server.content, server.etag = changed, '"v2"'

    with serve(server) as address:
        source = {"kind": "url", "url": f"{address}/f.bin"}
        (path,) = fetch(source, tmp_path, check, change).paths
    assert server.asked[1] == ("bytes=50000-", '"v1"')
    assert path.read_bytes() == changed


def test_without_validator_and_digest_halves_are_never_joined(tmp_path: Path) -> None:
    server = FileServer(CONTENT, break_after=50_000, breaks=1, etag=None)
    with serve(server) as address:
        assert get(f"{address}/f.bin", tmp_path)[0] == CONTENT
    assert server.asked == [(None, None), (None, None)]


def test_joined_halves_of_two_versions_are_fetched_once_more(tmp_path: Path) -> None:
    server = FileServer(b"x" * 100_000, break_after=50_000, breaks=1, etag=None)

    def change(_: float) -> None:
        server.content = CONTENT

    with serve(server) as address:
        source = {"kind": "url", "url": f"{address}/f.bin", "sha256": DIGEST}
        (path,) = fetch(source, tmp_path, check, change).paths
    assert path.read_bytes() == CONTENT
    assert server.asked == [(None, None), ("bytes=50000-", None), (None, None)]


def test_weak_etag_is_no_validator(tmp_path: Path) -> None:
    server = FileServer(CONTENT, break_after=50_000, breaks=1, etag='W/"v1"')
    with serve(server) as address:
        assert get(f"{address}/f.bin", tmp_path)[0] == CONTENT
    assert server.asked == [(None, None), (None, None)]


def test_wrong_digest_leaves_nothing(tmp_path: Path) -> None:
    with serve(FileServer(CONTENT)) as address, pytest.raises(DataError, match="nothing was kept"):
        get(f"{address}/f.bin", tmp_path, "0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_file_with_the_right_digest_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "f.bin").write_bytes(CONTENT)
    server = FileServer(CONTENT)
    with serve(server) as address:
        assert get(f"{address}/f.bin", tmp_path, DIGEST)[0] == CONTENT
    assert server.asked == []


def test_part_that_was_already_whole_is_taken(tmp_path: Path) -> None:
    server = FileServer(CONTENT, break_after=99_999, breaks=1)
    with serve(server) as address:
        url = f"{address}/f.bin"

        def arrives_after_all(_: float) -> None:
            with (tmp_path / ".f.bin.part").open("ab") as part:
                part.write(CONTENT[-1:])

        fetch({"kind": "url", "url": url}, tmp_path, check, arrives_after_all)
    assert (tmp_path / "f.bin").read_bytes() == CONTENT
    assert server.asked[-1] == ("bytes=100000-", '"v1"')


def test_busy_server_is_asked_again_with_growing_pauses_then_given_up(tmp_path: Path) -> None:
    def busy(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, 503, b"")

    pauses: list[float] = []
    with serve(busy) as address, pytest.raises(NetworkError, match="503") as caught:
        fetch({"kind": "url", "url": f"{address}/f"}, tmp_path, check, pauses.append)
    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert caught.value.reason == "network"
    assert visible(tmp_path) == []


def test_nobody_listening_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(NetworkError, match="cannot be reached") as caught:
        fetch({"kind": "url", "url": f"http://127.0.0.1:{port}/f"}, tmp_path, check, lambda _: None)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_refusal_is_not_tried_again(tmp_path: Path, status: int) -> None:
    asked = []

    def refuse(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        reply(handler, status, b"<html>no</html>")

    with serve(refuse) as address, pytest.raises(SpecError, match=str(status)):
        get(f"{address}/f.bin", tmp_path)
    assert asked == ["/f.bin"]
    assert visible(tmp_path) == []


def without_length(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(CONTENT)


def test_answer_of_unknown_length_needs_a_digest(tmp_path: Path) -> None:
    with serve(without_length) as address:
        with pytest.raises(SpecError, match=r"source\.sha256"):
            get(f"{address}/f.bin", tmp_path)
        assert visible(tmp_path) == []
        assert get(f"{address}/f.bin", tmp_path, DIGEST)[0] == CONTENT


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/f", "http://127.0.0.1:1/", "http:"])
def test_addresses_that_are_not_files_over_http(tmp_path: Path, url: str) -> None:
    with pytest.raises(SpecError):
        get(url, tmp_path)


@pytest.mark.parametrize("name", ["%2e%2e%2fescape", "..", ".hidden", "a%2Fb", "a%00b"])
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError, match="file name"):
        get(f"http://127.0.0.1:1/{name}", tmp_path)
