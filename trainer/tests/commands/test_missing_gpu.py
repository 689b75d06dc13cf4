from __future__ import annotations

import pytest
import torch

from dream_sft.commands.missing_gpu import driver_version, explain
from dream_sft.commands.models import open_device
from dream_sft.io.errors import SpecError


@pytest.mark.parametrize(
    ("torch_version", "built_for", "driver", "said"),
    [
        ("2.13.0", "13.0", None, "no NVIDIA driver on this host"),
        ("2.13.0", "13.0", (12, 4), "runs CUDA 12.4, torch 2.13.0 needs 13.0; renew the driver, or "
         "pip install torch==2.10.0"),
        ("2.13.0", "13.0", (11, 8), "no torch of 2.6 or newer runs there: renew the driver"),
        ("2.10.0", "12.8", (12, 2), "no card is visible; look at nvidia-smi"),
        ("2.13.0", "13.0", (13, 0), "no card is visible"),
        ("2.13.0+cpu", None, (13, 1), "built for the CPU; pip install torch==2.13.0"),
        ("2.13.0+cpu", None, (12, 6), "built for the CPU; pip install torch==2.10.0"),
    ],
)  # fmt: skip
def test_every_reason_says_what_to_do(
    torch_version: str, built_for: str | None, driver: tuple[int, int] | None, said: str
) -> None:
    assert said in explain(torch_version, built_for, driver)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a card")
def test_cuda_without_a_card_is_refused_with_the_reason() -> None:
    with pytest.raises(
        SpecError, match="cuda is asked for, but torch sees no GPU here: "
    ) as caught:
        open_device({"device": "cuda"})
    if driver_version() is None:
        assert "no NVIDIA driver" in caught.value.message
