from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.diffusion.order import OrderHash, epoch_order

IDS = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40)


@given(ids=IDS, seed=st.integers(0, 2**64 - 1), epoch=st.integers(0, 99), data=st.data())
def test_the_sequence_of_ids_does_not_depend_on_the_file(
    ids: list[int], seed: int, epoch: int, data: st.DataObject
) -> None:
    other = np.array(data.draw(st.permutations(ids)), np.uint64)
    mine = np.array(ids, np.uint64)
    order = epoch_order(mine, seed, epoch)
    assert sorted(order.tolist()) == list(range(len(ids)))
    assert (mine[order] == other[epoch_order(other, seed, epoch)]).all()


def test_seed_and_epoch_change_the_order() -> None:
    ids = np.arange(50)
    orders = {tuple(epoch_order(ids, seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}
    assert len(orders) == 4


def test_equal_ids_keep_file_order() -> None:
    assert epoch_order([3, 3, 3], 0, 0).tolist() == [0, 1, 2]


def record(step: int) -> dict[str, object]:
    mask = np.array([True, False, step % 2 == 0])
    return {
        "step": step,
        "sample_id": 2**63 + step,
        "epoch": 1,
        "t": 0.5,
        "mask": mask,
        "learning_rate": 1e-4,
    }


def test_a_restored_hash_goes_on_as_if_nothing_happened() -> None:
    straight, first = OrderHash(), OrderHash()
    for step in range(6):
        straight.update(**record(step))  # type: ignore[arg-type]
    for step in range(3):
        first.update(**record(step))  # type: ignore[arg-type]
    second = OrderHash(first.hex())
    for step in range(3, 6):
        second.update(**record(step))  # type: ignore[arg-type]
    assert second.hex() == straight.hex()
    assert len(straight.hex()) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"step": 1},
        {"sample_id": 1},
        {"epoch": 2},
        {"t": np.nextafter(0.5, 1)},
        {"mask": np.array([True, False, False])},
        {"mask": np.array([True, False, True, False])},
        {"learning_rate": 2e-4},
    ],
)
def test_every_part_of_the_record_counts(change: dict[str, object]) -> None:
    one, other = OrderHash(), OrderHash()
    one.update(**record(0))  # type: ignore[arg-type]
    other.update(**{**record(0), **change})  # type: ignore[arg-type]
    assert one.hex() != other.hex()


@pytest.mark.parametrize("state", ["", "zz", "00" * 31])
def test_a_damaged_state_is_refused(state: str) -> None:
    with pytest.raises(ValueError, match="order hash state"):
        OrderHash(state)
