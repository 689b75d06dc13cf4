"""The real hub library against a local endpoint, as behind HF_ENDPOINT."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dream_sft.download import hub_source
from dream_sft.download.hub_source import fetch
from dream_sft.io.errors import NetworkError, SpecError
from dream_sft.io.events import check
from tests.download.hub_server import COMMIT, REPO, HubServer
from tests.download.server import serve

FILES = {
    "config.json": b'{"a": 1}',
    "model.safetensors": b"w" * 5000,
    "pytorch_model.bin": b"pickle",
    "modeling_dream.py": b"import os",
    "data/rows.jsonl": b"{}\n",
}
SAFE = ["config.json", "data/rows.jsonl", "model.safetensors"]


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither a token nor a cache of this machine takes part."""
    from huggingface_hub import constants

    monkeypatch.delenv("HF_TOKEN", raising=False)
    home = tmp_path_factory.mktemp("hub")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "cache"))


@contextmanager
def hub(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serve(server) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield


def source(**changes: Any) -> dict[str, Any]:
    return {"kind": "hub", "repo": REPO, "repoType": "model", "revision": "main", **changes}


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_safe_files_at_a_recorded_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = HubServer(FILES, large={"model.safetensors"})
    with hub(server, monkeypatch):
        fetched = fetch(source(), tmp_path, check)
    assert fetched.revision == COMMIT
    assert names(tmp_path) == SAFE == [p.relative_to(tmp_path).as_posix() for p in fetched.paths]
    assert (tmp_path / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert sorted(server.fetched) == SAFE


def test_bytes_are_told_while_a_file_arrives_and_nothing_else_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    monkeypatch.setattr(hub_source, "PROGRESS_BYTES", 1000)
    events: list[dict[str, Any]] = []
    with hub(HubServer(FILES), monkeypatch):
        fetch(source(), tmp_path, events.append)
    assert [event["done"] for event in events] == [8, 11, 1011, 2011, 3011, 4011, 5011]
    assert {(event["total"], event["unit"]) for event in events} == {(5011, "bytes")}
    # Folders too: a hidden one beside the weights was once taken for a tokenizer file.
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json",
        "data",
        "model.safetensors",
    }


def test_patterns_choose_and_cannot_ask_for_pickles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub(HubServer(FILES), monkeypatch):
        fetch(source(files=["*.json", "*.bin"]), tmp_path, check)
        assert names(tmp_path) == ["config.json"]
        with pytest.raises(SpecError, match="pickles and programs are never fetched"):
            fetch(source(files=["*.bin"]), tmp_path, check)


def test_what_is_there_and_right_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = HubServer(FILES, large={"model.safetensors"})
    with hub(server, monkeypatch):
        fetch(source(), tmp_path, check)
        server.fetched.clear()
        (tmp_path / "config.json").write_bytes(b'{"a": 2}')
        fetch(source(), tmp_path, check)
    assert server.fetched == ["config.json"]
    assert (tmp_path / "config.json").read_bytes() == FILES["config.json"]


@pytest.mark.parametrize("large", [{"model.safetensors"}, set()])
def test_damaged_file_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: set[str]
) -> None:
    server = HubServer(FILES, large=large)
    server.served["model.safetensors"] = [b"x" * 5000]
    with hub(server, monkeypatch):
        fetch(source(), tmp_path, check)
    assert server.fetched.count("model.safetensors") == 2
    assert (tmp_path / "model.safetensors").read_bytes() == FILES["model.safetensors"]


def test_file_that_stays_damaged_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = HubServer(FILES, large={"model.safetensors"})
    server.served["model.safetensors"] = [b"x" * 5000] * 10
    with hub(server, monkeypatch), pytest.raises(NetworkError, match="arrived damaged"):
        fetch(source(), tmp_path, check)
    assert not (tmp_path / "model.safetensors").exists()


def test_unknown_repository_and_revision_are_mistakes_of_the_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub(HubServer(FILES), monkeypatch):
        with pytest.raises(SpecError, match="no revision 'v9'"):
            fetch(source(revision="v9"), tmp_path, check)
        with pytest.raises(SpecError, match="not on the hub, or private"):
            fetch(source(repo="owner/other"), tmp_path, check)


def test_token_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub(HubServer(FILES, token="secret"), monkeypatch):
        with pytest.raises(SpecError, match="HF_TOKEN"):
            fetch(source(), tmp_path, check)
        monkeypatch.setenv("HF_TOKEN", "secret")
        assert fetch(source(), tmp_path, check).revision == COMMIT


def test_unreachable_hub_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    with pytest.raises(NetworkError, match="cannot be reached") as caught:
        fetch(source(), tmp_path, check)
    assert "\n" not in caught.value.message
    assert caught.value.reason == "network"
