"""Passes over kept keys and values against the network itself."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dream_sft.sampling.cached_model import CachedDream
from tests.model.small import small_dream

CONTEXT, WIDTH = 24, 5
# Every position of a whole row, of a window.
WHOLE, WINDOW = torch.arange(CONTEXT).expand(3, -1), torch.arange(WIDTH).expand(3, -1)


@pytest.fixture(params=[False, True], ids=["as loaded", "fused"])
def cached(request: pytest.FixtureRequest) -> CachedDream:
    cached = CachedDream(small_dream(layers=3), fused=request.param)
    cached.open(3, CONTEXT)
    return cached


def rows() -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(4)
    used = torch.tensor([24, 11, 17], dtype=torch.int32)
    return torch.randint(0, 38, (3, CONTEXT), generator=draw), used


@torch.no_grad()
def test_a_full_pass_is_the_network_whatever_the_padding(cached: CachedDream) -> None:
    ids, used = rows()
    hidden = cached.full(ids, used, WHOLE, torch.arange(3))
    for row, length in enumerate(used.tolist()):
        alone = cached.model.hidden(ids[row : row + 1, :length])
        torch.testing.assert_close(hidden[row : row + 1, :length], alone, atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("starts", [[0, 0, 0], [3, 6, 12], [19, 5, 1]])
def test_a_window_over_fresh_keys_is_the_network(cached: CachedDream, starts: list[int]) -> None:
    """The logit of s lives at s - 1: a window sees all keys, those of the window made anew."""
    ids, used = rows()
    hidden = cached.full(ids, used, WHOLE, torch.arange(3))
    start = torch.tensor(starts)
    window = torch.stack([ids[row, at : at + WIDTH] for row, at in enumerate(starts)])
    made = cached.window(window, start, used, WINDOW)
    for row, at in enumerate(starts):
        torch.testing.assert_close(made[row], hidden[row, at : at + WIDTH], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_only_what_is_read_is_computed_to_the_end_and_all_keys_are_kept(
    cached: CachedDream,
) -> None:
    ids, used = rows()
    start, some = torch.tensor([3, 6, 12]), torch.tensor([[0, 2], [4, 1], [3, 3]])
    window = torch.stack([ids[row, at : at + WIDTH] for row, at in enumerate(start.tolist())])
    hidden = cached.full(ids, used, WHOLE, torch.arange(3))
    made = cached.window(window, start, used, WINDOW)
    assert cached.kept is not None
    keys, values = ([x.clone() for x in kept] for kept in (cached.kept.keys, cached.kept.values))
    read = torch.take_along_dim(hidden, some[..., None], 1)
    torch.testing.assert_close(cached.full(ids, used, some, torch.arange(3)), read)
    read = torch.take_along_dim(made, some[..., None], 1)
    torch.testing.assert_close(cached.window(window, start, used, some), read)
    torch.testing.assert_close((cached.kept.keys, cached.kept.values), (keys, values))


@torch.no_grad()
def test_a_window_rewrites_its_own_positions_alone(cached: CachedDream) -> None:
    ids, used = rows()
    cached.full(ids, used, WHOLE, torch.arange(3))
    assert cached.kept is not None
    before = [keys.clone() for keys in cached.kept.keys]
    start = torch.tensor([2, 4, 7])
    cached.window(torch.full((3, WIDTH), 9), start, used, WINDOW)
    for old, new in zip(before, cached.kept.keys, strict=True):
        changed = (old != new).flatten(2).any(dim=2)
        for row, at in enumerate(start.tolist()):
            places = torch.arange(at, at + WIDTH)
            assert changed[row].nonzero().flatten().tolist() == places.tolist()
        assert not changed[3].any()


@torch.no_grad()
def test_a_commit_makes_the_block_that_was_decided_count(cached: CachedDream) -> None:
    """Layer 0's keys depend on tokens and positions alone, so there a commit is exact."""
    ids, used = rows()
    masked = ids.clone()
    masked[:, 6:11] = 39
    cached.full(masked, used, WHOLE, torch.arange(3))
    cached.window(ids[:, 6:11], torch.tensor([6, 6, 6]), used, WINDOW)
    assert cached.kept is not None
    first = cached.kept.keys[0][:3].clone()
    cached.full(ids, used, WHOLE, torch.arange(3))
    torch.testing.assert_close(first, cached.kept.keys[0][:3])


@torch.no_grad()
def test_nothing_of_an_earlier_context_is_kept(cached: CachedDream) -> None:
    ids, used = rows()
    cached.full(ids, used, WHOLE, torch.arange(3))
    before = cached.kept
    cached.open(3, CONTEXT)
    assert cached.kept is before
    cached.open(2, CONTEXT + 8)
    assert cached.kept is not before and cached.kept is not None
    assert not any(keys.any() for keys in cached.kept.keys)


def test_fusing_holds_no_weight_twice_and_leaves_the_model_as_it_was() -> None:
    model, ids = small_dream(), torch.arange(9)[None]
    with torch.no_grad():
        for layer in model.layers():
            for part in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj):
                part.bias.normal_(generator=torch.Generator().manual_seed(1))
        before = model(ids)
        weights = {name: weight.clone() for name, weight in model.state_dict().items()}
        CachedDream(model, fused=True)
        place = model.layers()[1].mlp.up_proj.weight.data_ptr()
        CachedDream(model, fused=True)
        assert model.layers()[1].mlp.up_proj.weight.data_ptr() == place
        torch.testing.assert_close(model(ids), before)
    assert all(torch.equal(weight, weights[name]) for name, weight in model.state_dict().items())
    mlp = model.layers()[0].mlp
    storages = {part.weight.untyped_storage().data_ptr() for part in (mlp.gate_proj, mlp.up_proj)}
    assert len(storages) == 1
