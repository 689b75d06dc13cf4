from __future__ import annotations

import pytest
import torch

from dream_sft.train import host_copies
from dream_sft.train.host_copies import HostCopies


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_copies_do_not_follow_the_originals_and_use_their_memory_again(device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU here")
    copies = HostCopies(torch.device(device))
    live = {
        "weight": torch.arange(12.0, device=device).reshape(3, 4).requires_grad_(),
        "remainder": torch.arange(5, dtype=torch.int16, device=device),
        "scalar": torch.tensor(2.5, dtype=torch.float64),
    }
    taken = copies.take(live)
    with torch.no_grad():
        live["weight"].zero_()
    assert taken["weight"].tolist() == torch.arange(12.0).reshape(3, 4).tolist()
    assert taken["weight"].device.type == "cpu" and not taken["weight"].requires_grad
    assert taken["remainder"].dtype == torch.int16 and float(taken["scalar"]) == 2.5
    again = copies.take(live)
    assert again["weight"].data_ptr() == taken["weight"].data_ptr()
    assert not again["weight"].any()


def test_memory_that_is_held_already_is_not_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = HostCopies(torch.device("cpu"))
    monkeypatch.setattr(host_copies, "available_host_bytes", lambda: 1000)
    # 1/32 is added for gaps, a fifth of what is free stays.
    assert copies.fits(776) and not copies.fits(777)
    copies.reserve(1 << 20)
    held = copies._arena.nbytes
    assert held >= 1 << 20
    assert copies.fits(1 << 20) and not copies.fits(held + 800)
