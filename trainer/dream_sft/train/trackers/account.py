"""What the environment says about a tracking service: the one place of the trackers that reads it.

Keys come from there alone: a spec is stored and shown, so it must never hold one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

_PROJECT = "dream-sft"


@dataclass(frozen=True)
class Account:
    """`off`: why records cannot be sent, None if they can. The key stays out of repr and texts."""

    server: str
    project: str
    off: str | None
    key: str | None = field(repr=False, default=None)

    def hide(self, text: str) -> str:
        """`text` without the key, should a library have put it there."""
        return text.replace(self.key, "***") if self.key else text


def send_no_telemetry(environment: MutableMapping[str, str] = os.environ) -> None:
    """Before wandb is imported: it reports on itself to its server, and with one that does not
    answer it held the end of the process for 10 seconds.
    """
    environment.setdefault("WANDB_ERROR_REPORTING", "false")


def wandb_account(environment: Mapping[str, str] = os.environ) -> Account:
    return _account(environment, "WANDB", "BASE_URL", "https://api.wandb.ai", "PROJECT")


def swanlab_account(environment: Mapping[str, str] = os.environ) -> Account:
    return _account(environment, "SWANLAB", "API_HOST", "https://api.swanlab.cn", "PROJ_NAME")


def _account(
    environment: Mapping[str, str], prefix: str, server: str, usual: str, project: str
) -> Account:
    key = environment.get(f"{prefix}_API_KEY") or None
    mode = environment.get(f"{prefix}_MODE", "")
    off = None
    if mode in ("offline", "local", "disabled", "dryrun"):
        off = f"{prefix}_MODE is {mode}"
    elif key is None:
        off = f"{prefix}_API_KEY is not set"
    return Account(
        server=environment.get(f"{prefix}_{server}") or usual,
        project=environment.get(f"{prefix}_{project}") or _PROJECT,
        off=off,
        key=key,
    )
