"""Weights & Biases (package wandb), online or in mode offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dream_sft.train.trackers.account import Account, send_no_telemetry
from dream_sft.train.trackers.backend import Record
from dream_sft.train.trackers.sign_of_life import sign_of_life

# Our log is on stderr and may name folders; only numbers leave this machine. Names that begin with
# x_ may go in a later version.
_QUIET = {
    "console": "off",
    "silent": True,
    "disable_git": True,
    "disable_code": True,
    "x_disable_meta": True,
    "x_disable_machine_info": True,
    "init_timeout": 8.0,
}


class WandbBackend:
    """Files lie in `<run_dir>/wandb`; offline ones are sent later by `wandb sync`."""

    def __init__(
        self, account: Account, run_dir: Path, run_id: str, settings: dict[str, Any], online: bool
    ) -> None:
        self._account, self._run_dir, self._run_id = account, run_dir, run_id
        self._settings, self._online = settings, online
        self._run: Any = None

    def reach(self) -> None:
        if self._online:
            sign_of_life(self._account.server, 3.0)

    def open(self) -> None:
        send_no_telemetry()
        import wandb

        try:
            self._begin(wandb, self._run_id)
        except Exception:  # of several unrelated classes
            # The library's own process may still hold the id for an online attempt that was given
            # up. Better curves under a like name than none.
            if self._online:
                raise
            self._begin(wandb, f"{self._run_id}-offline")

    def _begin(self, wandb: Any, run_id: str) -> None:
        known = wandb.Settings.model_fields
        quiet = wandb.Settings(**{key: value for key, value in _QUIET.items() if key in known})
        self._run = wandb.init(
            project=self._account.project,
            id=run_id,
            name=run_id,
            dir=str(self._run_dir),
            resume="allow",
            # An online attempt that was given up may still count as active.
            reinit="create_new",
            mode="online" if self._online else "offline",
            config=self._settings,
            settings=quiet,
        )

    def write(self, record: Record) -> None:
        # Steps made again after a resume are below the service's last one: it keeps the first.
        self._run.log(dict(record.values), step=record.step)

    def close(self) -> None:
        self._run.finish()
