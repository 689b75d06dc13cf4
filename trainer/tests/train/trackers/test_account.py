from __future__ import annotations

import pytest

from dream_sft.train.trackers.account import Account, swanlab_account, wandb_account


def test_a_key_makes_it_online_and_shows_nowhere() -> None:
    account = wandb_account({"WANDB_API_KEY": "secret-key", "WANDB_PROJECT": "mine"})
    assert (account.off, account.project, account.key) == (None, "mine", "secret-key")
    assert "secret-key" not in repr(account)
    assert account.hide("401 for secret-key") == "401 for ***"


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (wandb_account({}), "WANDB_API_KEY is not set"),
        (wandb_account({"WANDB_API_KEY": "k", "WANDB_MODE": "offline"}), "WANDB_MODE is offline"),
        (swanlab_account({"SWANLAB_API_KEY": ""}), "SWANLAB_API_KEY is not set"),
        (
            swanlab_account({"SWANLAB_API_KEY": "", "SWANLAB_MODE": "local"}),
            "SWANLAB_MODE is local",
        ),
    ],
)
def test_without_a_key_or_when_told_so_it_stays_here(account: Account, why: str) -> None:
    assert account.off == why
    assert account.hide("text") == "text"


def test_a_server_of_ones_own() -> None:
    account = swanlab_account({"SWANLAB_API_KEY": "k", "SWANLAB_API_HOST": "http://127.0.0.1:9"})
    assert account.server == "http://127.0.0.1:9"
