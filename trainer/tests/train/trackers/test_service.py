"""Both services behind fakes of their libraries: what is asked of them, and in which mode."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dream_sft.train.trackers import service
from dream_sft.train.trackers.account import Account
from dream_sft.train.trackers.backend import Record
from dream_sft.train.trackers.service import Service
from dream_sft.train.trackers.swanlab_backend import SwanlabBackend
from dream_sft.train.trackers.wandb_backend import WandbBackend

ACCOUNT = Account(server="https://curves.example", project="p", off=None, key="k")
BACKENDS = [SwanlabBackend, WandbBackend]


class FakeRun:
    def __init__(self) -> None:
        self.calls: list[Any] = []

    def log(self, values: dict[str, float], step: int) -> None:
        self.calls.append((step, values))

    def finish(self) -> None:
        self.calls.append("finish")


class FakeLibrary(ModuleType):
    """`init` as in swanlab and wandb; refuses an id it holds, as wandb does."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.run, self.taken = FakeRun(), set[str]()
        self.begun: list[dict[str, Any]] = []

    def Settings(self, **settings: Any) -> dict[str, Any]:  # noqa: N802 - the libraries' name
        return settings

    def init(self, **settings: Any) -> FakeRun:
        if settings["id"] in self.taken:
            raise RuntimeError("run ID is in use")
        self.begun.append(settings)
        return self.run


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> dict[type[Service], FakeLibrary]:
    fakes = {SwanlabBackend: FakeLibrary("swanlab"), WandbBackend: FakeLibrary("wandb")}
    # A version that knows one of our quiet settings alone.
    monkeypatch.setattr(fakes[WandbBackend], "Settings", _Settings({"console": None}))
    for fake in fakes.values():
        monkeypatch.setitem(sys.modules, fake.__name__, fake)
    return fakes


class _Settings:
    """wandb's: knows its fields, and refuses others."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.model_fields = fields

    def __call__(self, **settings: Any) -> dict[str, Any]:
        assert set(settings) <= set(self.model_fields)
        return settings


@pytest.mark.parametrize("kind", BACKENDS)
@pytest.mark.parametrize("online", [True, False])
def test_a_run_is_begun_written_and_finished(
    tmp_path: Path, library: dict[type[Service], FakeLibrary], kind: type[Service], online: bool
) -> None:
    backend = kind(ACCOUNT, tmp_path, "abc", {"learningRate": 1}, online)
    backend.open()
    backend.write(Record(3, 0.0, {"loss": 1.5}))
    backend.close()
    (begun,) = library[kind].begun
    assert (begun["id"], begun["project"], begun["config"]) == ("abc", "p", {"learningRate": 1})
    assert (begun["mode"] == "online") == online
    assert library[kind].run.calls == [(3, {"loss": 1.5}), "finish"]


@pytest.mark.parametrize("kind", BACKENDS)
def test_only_an_online_run_asks_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Service]
) -> None:
    asked: list[tuple[str, float]] = []
    monkeypatch.setattr(service, "sign_of_life", lambda *call: asked.append(call))
    kind(ACCOUNT, tmp_path, "abc", {}, False).reach()
    assert asked == []
    kind(ACCOUNT, tmp_path, "abc", {}, True).reach()
    assert asked == [("https://curves.example", 3.0)]


def test_an_id_still_held_gets_a_like_one_offline_alone(
    tmp_path: Path, library: dict[type[Service], FakeLibrary]
) -> None:
    library[WandbBackend].taken.add("abc")
    with pytest.raises(RuntimeError, match="in use"):
        WandbBackend(ACCOUNT, tmp_path, "abc", {}, True).open()
    WandbBackend(ACCOUNT, tmp_path, "abc", {}, False).open()
    assert [begun["id"] for begun in library[WandbBackend].begun] == ["abc-offline"]
