from __future__ import annotations

import pytest
import torch

from dream_sft.io.errors import SpecError
from dream_sft.model.network import Dream
from dream_sft.train.ranks import Ranks
from dream_sft.train.sharding import LocalRows, local, spread
from tests.train.builders import small_config


def test_a_torch_that_shards_on_gpus_only_is_refused_on_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """torch 2.6: its streams of the CPU lack what FSDP2 asks of them."""
    with torch.device("meta"):
        model = Dream(small_config(layers=1))
    monkeypatch.delattr(torch.cpu.Stream, "record_event")
    with pytest.raises(SpecError, match="newer torch") as caught:
        spread(model, torch.device("cpu"), Ranks(0, 2), narrow=False)
    assert caught.value.exit_code == 64


def test_rows_share_the_memory_of_their_weights() -> None:
    model = torch.nn.Linear(3, 2)
    rows = LocalRows(model)
    model(torch.ones(1, 3)).sum().backward()
    gradients = rows.take_gradients()
    assert len(gradients) == 2 and torch.equal(gradients[1], torch.ones(2))
    named = dict(rows.named_parameters())
    with torch.no_grad():
        named["weight"].fill_(7.0)
    assert torch.equal(model.weight, torch.full((2, 3), 7.0))
    assert torch.equal(rows.tensors()["weight"], local(model.weight.detach()))
    rows.drop_gradients()
    assert model.weight.grad is None and named["weight"].grad is None
    assert rows.take_gradients() == []
