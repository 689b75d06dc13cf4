from __future__ import annotations

import torch

from dream_sft.adapters.comparison import (
    compare,
    drawn_documents,
    masked_documents,
    masked_hidden,
)
from tests.model.small import small_dream


def test_so_many_positions_as_asked_for_and_all_of_them_masked() -> None:
    config = small_dream().config
    rows = masked_documents(config, drawn_documents(config, 300), 300)
    assert sum(len(masked) for _, masked in rows) == 300
    for ids, masked in rows:
        assert (ids[masked] == config.mask_token_id).all()
        assert int(masked.min()) > 0
        assert int(ids.max()) <= config.mask_token_id


def test_too_few_documents_give_what_they_have() -> None:
    config = small_dream().config
    rows = masked_documents(config, [torch.arange(10)], 100)
    assert 0 < sum(len(masked) for _, masked in rows) < 10


def test_kl_is_that_of_the_definition_and_zero_for_the_same_model() -> None:
    ours, theirs = small_dream(seed=0), small_dream(seed=0)
    with torch.no_grad():
        theirs.model.layers[1].mlp.down_proj.weight.mul_(1.5)
    rows = masked_documents(ours.config, drawn_documents(ours.config, 150), 150)
    first, second = masked_hidden(ours, rows), masked_hidden(theirs, rows)
    same = compare(ours, first, first)
    assert (same.mean_kl, same.max_kl, same.argmax_agreement) == (0.0, 0.0, 1.0)
    found = compare(ours, first, second)
    with torch.no_grad():
        p, q = (torch.softmax(ours.head(h).double(), -1) for h in (first, second))
    kl = (p * (p / q).log()).sum(-1)
    assert found.positions == 150
    assert abs(found.mean_kl - float(kl.mean())) < 1e-6 * float(kl.mean()) + 1e-7
    assert abs(found.max_kl - float(kl.max())) < 1e-5
    assert found.argmax_agreement == float((p.argmax(-1) == q.argmax(-1)).double().mean())
    assert found.argmax_agreement < 1.0


def test_hidden_rows_are_those_before_the_masked_token() -> None:
    model = small_dream()
    ids = torch.arange(8)
    masked = torch.tensor([2, 5])
    with torch.no_grad():
        wanted = model.hidden(ids[None])[0, [1, 4]]
    torch.testing.assert_close(masked_hidden(model, [(ids, masked)]), wanted)
