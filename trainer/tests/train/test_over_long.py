from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dream_sft.data.dataset import Dataset, Document, dataset_bytes, load_dataset, pack
from dream_sft.diffusion.masking import EosTail
from dream_sft.io.errors import SpecError
from dream_sft.train.over_long import longest_lengths, refuse_over_long
from tests.train.builders import Workshop, run


def documents(*lengths: tuple[int, int]) -> list[Document]:
    """Of (prompt, answer) tokens; every third is cut."""
    return [
        Document(60 + n, np.ones(sum(pair), np.int32), pair[0], n % 3 == 2)
        for n, pair in enumerate(lengths)
    ]


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (EosTail(low=0, high=9), [15 + 10, 27 + 10, 48]),
        (EosTail(), [16, 28, 48]),
        (EosTail.parse("official"), [5 + 40, 7 + 40, 48]),
    ],
)
def test_the_longest_that_noise_can_make_of_a_document(tail: EosTail, expected: list[int]) -> None:
    made = documents((5, 10), (7, 20), (8, 40))
    data = Dataset(folder=Path(), rows_file=Path("absent"), **pack(made))
    assert longest_lengths(data, tail).tolist() == expected


def test_twenty_rows_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    """By their numbers in the file that convert read."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"row": 100 + n}) + "\n" for n in range(30)))
    made = documents(*[(3, 100 if n >= 5 else 10) for n in range(30)])
    data = Dataset(folder=tmp_path, rows_file=rows, **pack(made))
    refuse_over_long(data, EosTail(), 128)
    with pytest.raises(SpecError, match=r"25 documents .* than 64; give at least 128") as info:
        refuse_over_long(data, EosTail(), 64)
    mistakes = info.value.mistakes
    assert mistakes[0] == "row 105: 103 tokens" and len(mistakes) == 21
    assert mistakes[-1] == "and 5 more"


def test_the_trainer_ends_with_64_before_its_first_step(workshop: Workshop) -> None:
    folder = workshop.root / "dataset"
    made = [*(load_dataset(folder).document(n) for n in range(3)), *documents((4, 130))]
    (folder / "documents.safetensors").write_bytes(dataset_bytes(made))
    finished = run(workshop.spec(training__tokensPerMicroBatch=128))
    assert finished.code == 64
    (error,) = finished.of("error")
    assert error["mistakes"] == ["row 4: 139 tokens"]  # with an end token and a tail of 4
    assert "tokensPerMicroBatch" in error["message"]
    assert not finished.of("step") and not finished.of("ready")
