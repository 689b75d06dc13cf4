"""Opening a method: what a user can mend ends with 64, anything else with a trace."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import torch

from dream_sft.frozen.storage import StorageError
from dream_sft.io.errors import SpecError
from dream_sft.io.spec import load_spec
from dream_sft.model.packed_attention import KernelError
from dream_sft.train.methods import open as opening
from dream_sft.train.preflight import check_inputs
from tests.train.builders import Workshop

SHARDED: dict[str, Any] = {"method": "full", "fullMode": "plain", "worldSize": 2}


def opened(workshop: Workshop) -> None:
    opening.open_method(load_spec("train", workshop.spec()), torch.device("cpu"), None)


def failing(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(opening, name, fail)


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("_open", StorageError("basePrecision fp8 needs a newer card")),
        ("choose_kernel", KernelError("attention cudnn cannot run here")),
    ],
)
def test_what_this_card_cannot_is_a_mistake_of_the_spec(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
) -> None:
    failing(monkeypatch, where, error)
    with pytest.raises(SpecError, match=f"training: {error}"):
        opened(workshop)


@pytest.mark.parametrize("where", ["_open", "recompute_layers"])
def test_an_error_of_this_program_is_not_taken_for_one(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    error = ValueError("too many values to unpack")
    failing(monkeypatch, where, error)
    with pytest.raises(ValueError, match="too many values") as caught:
        opened(workshop)
    assert caught.value is error


def test_ranks_that_hold_parts_need_an_output(workshop: Workshop) -> None:
    """Their digest is that of what they write; every other method may do without."""
    for method, refused in ((SHARDED, True), ({**SHARDED, "worldSize": 1}, False)):
        changes = {f"training__{key}": value for key, value in method.items()}
        spec = load_spec("train", workshop.spec(output=None, **changes))
        with pytest.raises(SpecError, match=r"^output: ") if refused else nullcontext():
            check_inputs(spec)
