"""From `training.trackers` to the trackers of a run."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dream_sft.io.errors import SpecError
from dream_sft.io.events import Emit
from dream_sft.train.trackers.account import Account, swanlab_account, wandb_account
from dream_sft.train.trackers.backend import Backend, Way
from dream_sft.train.trackers.queued import QueuedTracker
from dream_sft.train.trackers.swanlab_backend import SwanlabBackend
from dream_sft.train.trackers.wandb_backend import WandbBackend

log = logging.getLogger("dream_sft.trackers")
_PIP = {
    "tensorboard": "pip install tensorboard",
    "swanlab": "pip install 'swanlab[dashboard]>=0.10'",
    "wandb": "pip install 'wandb>=0.20'",
}
_ACCOUNTS: dict[str, Callable[[], Account]] = {"swanlab": swanlab_account, "wandb": wandb_account}
_BACKENDS: dict[str, Callable[[Account, Path, str, dict[str, Any], bool], Backend]] = {
    "swanlab": SwanlabBackend,
    "wandb": WandbBackend,
}
_WITHOUT_SERVER = {"swanlab": "in mode local", "wandb": "in mode offline"}


def check_trackers(names: Sequence[str]) -> None:
    """Raises SpecError naming every package that is missing. Imports none of them."""
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise SpecError(
            "training.trackers names packages that are not installed",
            [f"{name}: {_PIP[name]}, or leave it out" for name in missing],
        )


def needs_run_id(names: Sequence[str]) -> bool:
    return any(name in _ACCOUNTS for name in names)


def new_run_id() -> str:
    """Random; a checkpoint carries it, so that curves go on after a resume."""
    return secrets.token_hex(6)


def open_trackers(
    training: dict[str, Any], run_dir: Path, run_id: str | None, emit: Emit
) -> list[QueuedTracker]:
    """The services that `training.trackers` names; TensorBoard is not among them."""
    return [
        _open(name, training, run_dir, run_id, emit)
        for name in training["trackers"]
        if name in _ACCOUNTS and run_id is not None
    ]


def _open(
    name: str, training: dict[str, Any], run_dir: Path, run_id: str, emit: Emit
) -> QueuedTracker:
    account = _ACCOUNTS[name]()

    def make(online: bool) -> Callable[[], Backend]:
        return lambda: _BACKENDS[name](account, run_dir, run_id, training, online)

    def tell(text: str) -> None:
        text = account.hide(text)
        log.warning("%s", text)
        emit({"type": "warning", "message": text})

    ways = [Way(_WITHOUT_SERVER[name], make(False))]
    if account.off is None:
        ways.insert(0, Way("online", make(True)))
    else:
        log.info("%s: %s, so records stay in %s", name, account.off, run_dir)
    return QueuedTracker(name, ways, tell)
