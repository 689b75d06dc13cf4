from __future__ import annotations

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from dream_sft.train.recordings import Recordings


def test_the_one_not_used_for_longest_is_given_up() -> None:
    kept: Recordings[str, int] = Recordings(2, 1000)
    kept.add("a", 1, 10)
    kept.add("b", 2, 10)
    assert kept.get("a") == 1
    kept.add("c", 3, 10)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)
    assert (len(kept), kept.nbytes, kept.made, kept.given_up) == (2, 20, 3, 1)


def test_bytes_bound_them_too_and_the_newest_stays_whatever_it_takes() -> None:
    kept: Recordings[str, int] = Recordings(9, 100)
    kept.add("a", 1, 60)
    kept.add("b", 2, 60)
    assert (kept.get("a"), kept.get("b")) == (None, 2)
    kept.add("c", 3, 500)
    assert (len(kept), kept.nbytes, kept.given_up) == (1, 500, 2)


def test_their_keys_are_told_without_counting_as_a_use() -> None:
    kept: Recordings[str, int] = Recordings(2, 100)
    kept.add("a", 1, 10)
    kept.add("b", 2, 10)
    assert list(kept) == ["a", "b"]
    kept.add("c", 3, 10)
    assert list(kept) == ["b", "c"]


def test_clearing_gives_none_up() -> None:
    kept: Recordings[str, int] = Recordings(9, 100)
    kept.add("a", 1, 60)
    kept.clear()
    assert (len(kept), kept.nbytes, kept.given_up) == (0, 0, 0)


class Heavy:
    """What is alive is counted: a recording's memory must go with it."""

    alive = 0

    def __init__(self) -> None:
        Heavy.alive += 1

    def __del__(self) -> None:
        Heavy.alive -= 1


@given(st.lists(st.integers(0, 9)), st.integers(1, 5), st.integers(1, 12))
def test_as_many_of_the_last_used_as_fit(keys: list[int], most: int, most_bytes: int) -> None:
    kept: Recordings[int, Heavy] = Recordings(most, most_bytes)
    model: OrderedDict[int, int] = OrderedDict()
    for key in keys:
        if kept.get(key) is None:
            kept.add(key, Heavy(), key)
        model[key] = key
        model.move_to_end(key)
        while len(model) > 1 and (len(model) > most or sum(model.values()) > most_bytes):
            model.popitem(last=False)
        assert (len(kept), kept.nbytes) == (len(model), sum(model.values()))
        assert Heavy.alive == len(kept)
    for key in range(10):
        assert (kept.get(key) is not None) == (key in model)
