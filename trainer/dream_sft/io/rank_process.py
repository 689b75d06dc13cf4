"""One training in several processes, called ranks: which of them this is, and starting them all.

The process that a user starts becomes the launcher: it starts torchrun, which starts the ranks,
and it never loads torch. They meet in a folder of the launcher's:
- `started`: rank 0 has written its first event;
- `stop`: the launcher was asked to stop, and so is every rank;
- `agent-store`, `store`: how torchrun and the ranks find each other;
- `ended`: the exit code of the first rank that failed, or 75. It alone tells what went wrong, since
  the errors of the others only follow from its end.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dream_sft.io import exit_codes
from dream_sft.io.errors import TrainerError

FOLDER = "DREAM_SFT_RANKS"
# torchrun sets it for every process it starts; RANK alone may stem from something else.
_TORCHRUN = "TORCHELASTIC_RUN_ID"
_POLL_SECONDS = 0.1
_STARTED_WITHIN_SECONDS = 120.0


@dataclass(frozen=True)
class RankProcess:
    """This process among its ranks; without torchrun it is the only one."""

    rank: int = 0
    count: int = 1
    local: int = 0  # among those of this host
    under_torchrun: bool = False
    folder: Path | None = None  # None: no launcher of ours

    @classmethod
    def of_environment(cls) -> RankProcess:
        if _TORCHRUN not in os.environ:
            return cls()
        folder = os.environ.get(FOLDER)
        return cls(
            rank=int(os.environ["RANK"]),
            count=int(os.environ["WORLD_SIZE"]),
            local=int(os.environ["LOCAL_RANK"]),
            under_torchrun=True,
            folder=None if folder is None else Path(folder),
        )

    @property
    def stop_file(self) -> Path | None:
        return None if self.folder is None else self.folder / "stop"

    @property
    def store_file(self) -> Path | None:
        """Where ranks of one host meet, without listening on any network."""
        return None if self.folder is None else self.folder / "store"

    def note_started(self) -> None:
        """Rank 0 has written its first event."""
        if self.rank == 0 and self.folder is not None:
            (self.folder / "started").touch()

    def may_tell(self, code: int) -> bool:
        """Whether this rank is the first to end with an error, and so the one to tell of it."""
        if self.folder is None:
            return True
        if self.rank != 0:
            self._await_started(self.folder)
        try:
            ended = os.open(self.folder / "ended", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except OSError:
            return False
        os.write(ended, str(code).encode())
        os.close(ended)
        return True

    def stopped(self) -> int:
        """Exit code after an agreed stop. Rank 0 may still be writing the checkpoint, and torchrun
        would end it if another rank ended with anything but 0."""
        if self.rank != 0:
            return exit_codes.FINISHED
        self.may_tell(exit_codes.STOPPED)
        return exit_codes.STOPPED

    @staticmethod
    def _await_started(folder: Path) -> None:
        """`started` is the first event, whoever fails first."""
        until = time.monotonic() + _STARTED_WITHIN_SECONDS
        while time.monotonic() < until:
            if (folder / "started").exists() or (folder / "ended").exists():
                return
            time.sleep(_POLL_SECONDS)


def launch(
    spec_file: str,
    ranks: int,
    stdout: int,
    stop_requested: Callable[[], bool],
    announce: Callable[[], None],
) -> int:
    """Train by `spec_file` in `ranks` processes that write events to `stdout`; the exit code.

    `announce` writes the first event where no rank came so far. Raises TrainerError when the ranks
    ended without saying why.
    """
    with tempfile.TemporaryDirectory(prefix="dream-sft-ranks-") as name:
        folder = Path(name)
        # A pipe as stdin that nobody writes to: its end is the launcher's end (parent_watch.py).
        # A session of its own: a signal to our group must not reach torchrun, which would kill
        # the ranks before their checkpoint is written; they hear of it through `stop`.
        with subprocess.Popen(
            [*agent_command(ranks, folder), "-m", "dream_sft", "train", "--spec", spec_file],
            stdin=subprocess.PIPE,
            stdout=stdout,
            env=rank_environment(folder, ranks),
            start_new_session=True,
        ) as agent:
            while agent.poll() is None:
                if stop_requested():
                    (folder / "stop").touch()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    agent.wait(_POLL_SECONDS)
        code = _ended(folder)
        if code is None and agent.returncode != exit_codes.FINISHED:
            if not (folder / "started").exists():
                announce()
            raise _lost(agent.returncode)
        return exit_codes.FINISHED if code is None else code


def agent_command(ranks: int, folder: Path) -> list[str]:
    """What a script and its arguments are added to, for so many processes of it on this host."""
    # torchrun's own store would listen on every network of the host; a file listens on none.
    meeting = ["--rdzv-backend=c10d", f"--rdzv-endpoint={folder / 'agent-store'}"]
    meeting += ["--rdzv-conf=store_type=file", "--local-addr=127.0.0.1"]
    torchrun = [*meeting, f"--nproc-per-node={ranks}"]
    return [sys.executable, "-m", "dream_sft.train.rank_agent", *torchrun]


def rank_environment(folder: Path, ranks: int) -> dict[str, str]:
    """Of `agent_command`'s processes, which meet in `folder`."""
    environment = {**os.environ, FOLDER: str(folder)}
    # Else torchrun opens a store for the ranks, who meet in `store_file` instead.
    environment["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    # torchrun would say 1; ours is what a host has for each, and the spec's `threads` overrules it.
    environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // ranks)))
    if sys.platform.startswith("linux"):
        # All ranks are of one host: they need not listen to any other.
        for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
            environment.setdefault(name, "lo")
    return environment


def _ended(folder: Path) -> int | None:
    try:
        return int((folder / "ended").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _lost(code: int) -> TrainerError:
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    why = "and did not say why; see the lines above"
    if code == exit_codes.HANGING:
        why = "because no step came to its end; the stacks of all threads stand above"
    error = TrainerError(
        f"a process of this training ended ({how}) {why}, then resume from the last checkpoint"
    )
    error.exit_code = exit_codes.CRASHED if code < 0 else code
    return error
