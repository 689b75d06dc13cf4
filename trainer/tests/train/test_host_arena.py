from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dream_sft.io.errors import ResourceError
from dream_sft.train import host_arena
from dream_sft.train.host_arena import HostArena

DTYPES = [torch.bfloat16, torch.int16, torch.float32, torch.float64, torch.uint8]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.sampled_from(DTYPES)), max_size=30))
def test_tensors_handed_out_do_not_overlap(wanted: list[tuple[int, torch.dtype]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host_arena, "_FIRST_SLAB", 512)
        patch.setattr(host_arena, "_LARGEST_SLAB", 2048)
        arena = HostArena(pinned=False, purpose="tests")
        for _ in range(2):
            taken = [arena.take((count,), dtype) for count, dtype in wanted]
            for number, tensor in enumerate(taken):
                tensor.fill_(number)
            for number, tensor in enumerate(taken):
                assert bool((tensor == number).all())
            held = arena.nbytes
            arena.reset()
        # The second round asks for the same and needs no more.
        for count, dtype in wanted:
            arena.take((count,), dtype)
        assert arena.nbytes == held


def test_what_is_reserved_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_arena, "_LARGEST_SLAB", 1 << 20)
    monkeypatch.setattr(host_arena, "_FIRST_SLAB", 1 << 10)
    arena = HostArena(pinned=False, purpose="tests")
    arena.reserve(5 << 20)
    held = arena.nbytes
    assert 5 << 20 <= held <= 6 << 20
    for _ in range(4):
        arena.take((1 << 20,), torch.uint8)
    assert arena.nbytes == held


def test_one_tensor_may_be_larger_than_a_slab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_arena, "_LARGEST_SLAB", 1024)
    monkeypatch.setattr(host_arena, "_FIRST_SLAB", 512)
    arena = HostArena(pinned=False, purpose="tests")
    assert arena.take((1000, 3), torch.float32).shape == (1000, 3)
    assert arena.nbytes == 1 << 14


def test_a_host_without_memory_is_a_resource_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    arena = HostArena(pinned=False, purpose="the inputs of the blocks")
    monkeypatch.setattr(torch, "empty", refuse)
    with pytest.raises(ResourceError, match="no host memory for the inputs of the block") as caught:
        arena.take((4,), torch.float32)
    assert caught.value.exit_code == 69 and caught.value.resource == "host-memory"
