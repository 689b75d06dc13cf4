from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dream_sft.commands import train as train_command
from dream_sft.data.dataset import load_dataset
from dream_sft.io.errors import ResourceError, SpecError, TrainerError
from dream_sft.io.spec import load_spec
from dream_sft.train.budgets import FILE, Budget, Budgets, device_model, shortest_rows
from dream_sft.train.checkpoint import read_checkpoint
from dream_sft.train.methods.plain import PlainFineTuning
from tests.train.builders import Workshop

SETTINGS: dict[str, Any] = {
    "method": "full",
    "lora": {"rank": 8},
    "basePrecision": "fp32",
    "precision": "fp32",
    "fullMode": "plain",
    "moments": "fp32",
    "activationCheckpointing": "none",
    "attention": "auto",
    "compile": False,
    "cudaGraphs": True,
    "worldSize": 1,
}
CARD = "NVIDIA H100 80GB HBM3"


def training(**changes: Any) -> dict[str, Any]:
    return {
        **SETTINGS,
        "documentsPerStep": 16,
        "documentsPerMicroBatch": 16,
        "tokensPerMicroBatch": 8192,
        "normalise": "global",
        **changes,
    }


def told(device: str, tokens: int | None = None, documents: int | None = None) -> Budget:
    return {"device": device, "tokensPerMicroBatch": tokens, "documentsPerMicroBatch": documents}


def no_room(half: int | None) -> ResourceError:
    return ResourceError("out of GPU memory", "gpu-memory", half, tokens=half and 2 * half)


def test_packed_rows_stay_within_the_least_budget_of_their_own_card(tmp_path: Path) -> None:
    known = [told(CARD, 4096), told(CARD, 6144), told("NVIDIA H20", 256), told(CARD, None, 2)]
    settled = Budgets(tmp_path, CARD, training(), known).within()
    assert settled == training(tokensPerMicroBatch=4096)
    assert Budgets(tmp_path, "NVIDIA A100", training(), known).within() == training()


@given(st.integers(1, 64), st.integers(1, 9999), st.integers(1, 64))
def test_rows_are_whole_and_hold_the_longest_document(rows: int, budget: int, longest: int) -> None:
    planned, shortest = 128 * rows, 128 * min(longest, rows)
    known = [told(CARD, budget)]
    made = Budgets(
        Path("absent"), CARD, training(tokensPerMicroBatch=planned), known, shortest=shortest
    )
    settled = made.within()["tokensPerMicroBatch"]
    assert settled % 128 == 0
    assert shortest <= settled <= planned
    assert settled <= max(budget, shortest)


def test_padded_rows_get_fewer_documents(tmp_path: Path) -> None:
    padded = training(tokensPerMicroBatch=None)
    known = [told(CARD, 512), told(CARD, None, 6)]
    settled = Budgets(tmp_path, CARD, padded, known).within()
    assert settled == {**padded, "documentsPerMicroBatch": 6}


def test_an_error_proposes_half_keeps_it_and_the_next_attempt_starts_within_it(
    tmp_path: Path,
) -> None:
    first = Budgets(tmp_path, CARD, training())
    first.within()
    error = first.after(no_room(4099))
    assert (error.token_budget, error.tokens, error.documents) == (4096, 8198, None)
    assert error.device == CARD
    assert error.message.endswith(f"the next attempt on {CARD} takes rows of 4096 tokens at most")
    second = Budgets(tmp_path, CARD, training())
    assert second.within()["tokensPerMicroBatch"] == 4096
    assert second.after(no_room(1024)).token_budget == 1024
    assert Budgets(tmp_path, CARD, training()).within()["tokensPerMicroBatch"] == 1024
    other_card = Budgets(tmp_path, "NVIDIA H20", training())
    assert other_card.within() == training()
    other_settings = training(basePrecision="fp8")
    assert Budgets(tmp_path, CARD, other_settings).within() == other_settings


def test_budgets_of_other_settings_stay_in_the_file(tmp_path: Path) -> None:
    for changes in ({}, {"basePrecision": "fp8"}):
        made = Budgets(tmp_path, CARD, training(**changes))
        made.within()
        made.after(no_room(2048))
    kept = json.loads((tmp_path / FILE).read_text())
    assert [one["with"]["basePrecision"] for one in kept] == ["fp32", "fp8"]
    assert [one["tokensPerMicroBatch"] for one in kept] == [2048, 2048]


def test_padded_rows_are_halved_to_one_document_and_then_nothing_is_proposed(
    tmp_path: Path,
) -> None:
    padded = training(tokensPerMicroBatch=None, documentsPerStep=5)
    proposed = []
    for _ in range(3):
        made = Budgets(tmp_path, CARD, padded)
        made.within()
        error = made.after(no_room(300))
        proposed.append((error.token_budget, error.documents))
    assert proposed == [(300, 2), (300, 1), (None, None)]
    assert "nothing smaller can be computed at once" in error.message


def test_a_row_of_the_longest_document_is_the_smallest(tmp_path: Path) -> None:
    made = Budgets(tmp_path, CARD, training(tokensPerMicroBatch=4096), shortest=2176)
    made.within()
    assert made.after(no_room(2048)).token_budget == 2176
    again = Budgets(tmp_path, CARD, training(tokensPerMicroBatch=4096), shortest=2176)
    assert again.within()["tokensPerMicroBatch"] == 2176
    assert again.after(no_room(1088)).token_budget is None


def test_an_error_without_advice_stays_as_it_is(tmp_path: Path) -> None:
    error = no_room(None)
    with pytest.raises(ResourceError) as caught, Budgets(tmp_path, CARD, training()).noting():
        raise error
    assert caught.value is error and error.__cause__ is None
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("rows", "advice"), [(8192, "give 4096 tokens at most"), (None, "give 8 documents at most")]
)
def test_where_the_cut_decides_what_is_learned_nothing_smaller_is_taken(
    tmp_path: Path, rows: int | None, advice: str
) -> None:
    mean = training(normalise="microbatch", tokensPerMicroBatch=rows)
    with (
        pytest.raises(ResourceError, match=advice) as caught,
        Budgets(tmp_path, CARD, mean).noting(),
    ):
        raise no_room(4096)
    assert caught.value.token_budget is None and caught.value.documents is None
    assert not (tmp_path / FILE).exists()
    with pytest.raises(SpecError, match=r"training\.\w+PerMicroBatch: .* or normalise global"):
        Budgets(tmp_path, CARD, mean, [told(CARD, 2048, 2)]).within()


@pytest.mark.parametrize("text", ["{", "[3]", '[{"device": "cpu"}]'])
def test_a_damaged_file_is_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert Budgets(tmp_path, CARD, training()).within() == training()


def test_the_shortest_rows_hold_every_document_with_its_end(parts: Path) -> None:
    data = load_dataset(parts / "dataset")
    assert shortest_rows(data, {"eosTail": [0, 4], "validation": None}) == 128
    assert shortest_rows(data, {"eosTail": [0, 200], "validation": None}) == 256
    assert device_model(torch.device("cpu")) == "cpu"


def out_of_memory_above(
    documents: int, monkeypatch: pytest.MonkeyPatch, *, first_step: int = 1
) -> None:
    """From `first_step` on, steps fail whose micro-batches hold more documents at once."""
    real = PlainFineTuning.step

    def step(method: Any, batch: Any, rate: float) -> Any:
        largest = max(len(micro.sample_ids) for micro in batch.micro_batches)
        if batch.step >= first_step and largest > documents:
            raise ResourceError("out of host memory", "host-memory", 40, tokens=80)
        return real(method, batch, rate)

    monkeypatch.setattr(PlainFineTuning, "step", step)


def attempt(spec: Path) -> tuple[TrainerError | None, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    try:
        train_command.run(load_spec("train", spec), events.append)
    except TrainerError as error:
        return error, events
    return None, events


def test_a_training_settles_before_its_first_step_and_its_checkpoints_carry_the_budget(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its own run directory here; on another host, which has none, by the checkpoint alone."""
    out_of_memory_above(4, monkeypatch, first_step=12)
    changes: dict[str, Any] = {"training__steps": 20, "training__documentsPerMicroBatch": 8}
    error, _ = attempt(workshop.spec(**changes))
    assert isinstance(error, ResourceError) and error.documents == 4
    checkpoints = workshop.root / "run/checkpoints"
    error, events = attempt(workshop.spec(resumeFrom=str(checkpoints / "step-5"), **changes))
    assert error is None
    assert [event["differences"] for event in events if event["type"] == "resumed_inexactly"] == [
        [{"what": "micro-batch plan", "checkpoint": "8 of 8 documents", "now": "4 of 8 documents"}]
    ]
    moved = workshop.spec("moved", resumeFrom=str(checkpoints / "step-15"), **changes)
    error, events = attempt(moved)
    assert error is None
    assert not [event for event in events if event["type"] == "resumed_inexactly"]


def test_a_spec_may_bring_what_earlier_stages_found(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    out_of_memory_above(2, monkeypatch)
    changes: dict[str, Any] = {"training__steps": 10, "training__documentsPerMicroBatch": 8}
    spec = workshop.spec(budgets=[told("cpu", None, 2), told(CARD, 128, 1)], **changes)
    error, _ = attempt(spec)
    assert error is None
    kept = read_checkpoint(Path(str(workshop.newest()))).state.budgets
    assert [(one["device"], one["documentsPerMicroBatch"]) for one in kept] == [
        (CARD, 1),
        ("cpu", 2),
    ]
