"""Weights & Biases (package wandb), online or in mode offline."""

from __future__ import annotations

from typing import Any

from dream_sft.train.trackers.account import send_no_telemetry
from dream_sft.train.trackers.service import Service

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


class WandbBackend(Service):
    """Files lie in `<run_dir>/wandb`; offline ones are sent later by `wandb sync`."""

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
