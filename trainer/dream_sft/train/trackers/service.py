"""What the back-ends of both services share: how they are made, asked, written to and closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dream_sft.train.trackers.account import Account
from dream_sft.train.trackers.backend import Record
from dream_sft.train.trackers.sign_of_life import sign_of_life

_ANSWER_SECONDS = 3.0


class Service:
    """A `Backend` but for `open`, which sets `_run` to the library's run object."""

    def __init__(
        self, account: Account, run_dir: Path, run_id: str, settings: dict[str, Any], online: bool
    ) -> None:
        self._account, self._run_dir, self._run_id = account, run_dir, run_id
        self._settings, self._online = settings, online
        self._run: Any = None

    def reach(self) -> None:
        if self._online:
            sign_of_life(self._account.server, _ANSWER_SECONDS)

    def open(self) -> None:
        raise NotImplementedError

    def write(self, record: Record) -> None:
        # Steps made again after a resume are below the service's last one: it keeps the first.
        self._run.log(dict(record.values), step=record.step)

    def close(self) -> None:
        self._run.finish()
