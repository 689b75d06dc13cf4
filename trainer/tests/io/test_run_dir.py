"""What people read of a run: the log, also on a disk without space, and TensorBoard's scalars."""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path

import pytest

from dream_sft.io.run_dir import Metrics, open_log


def test_a_log_without_space_prints_no_stack(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = open_log(tmp_path, "train")
    file = next(one for one in log.handlers if isinstance(one, logging.FileHandler))
    # A real error of a real device: every write there finds no space.
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - the handler closes it
    written = file.setStream(full)
    assert written is not None
    written.close()
    try:
        log.info("step 3 done")
    finally:
        log.removeHandler(file)
        with contextlib.suppress(OSError):
            full.close()
    said = capfd.readouterr().err
    assert "step 3 done" in said
    assert "Traceback" not in said


def test_numbers_and_lists_of_numbers_become_scalars(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    metrics = Metrics(tmp_path, step=0, records="")
    record = {"step": 1, "loss": 0.5, "mfu": None, "packed": True, "nllByT": [2.0, None, 0.25]}
    metrics.write(1, 0.0, record)
    metrics.close()
    (file,) = (tmp_path / "tensorboard").iterdir()
    values = [value for event in EventFileLoader(str(file)).Load() for value in event.summary.value]
    assert [value.tag for value in values] == ["train/loss", "train/nllByT/0", "train/nllByT/2"]
    assert json.loads(metrics.path.read_text()) == record


def test_a_validation_is_a_record_and_curves_of_its_own(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    metrics = Metrics(tmp_path, step=0, records="")
    metrics.write(4, 0.0, {"step": 4, "loss": 0.5})
    by_t = [
        {"t": 0.0625, "nll": 0.5, "maskedTokens": 3},
        {"t": 0.1875, "nll": None, "maskedTokens": 0},
    ]
    measured = {"nll": 0.5, "nllByT": by_t, "best": True, "grid": "f" * 64, "seconds": 1.5}
    metrics.write_validation(4, 1.0, measured)
    metrics.close()
    (file,) = (tmp_path / "tensorboard").iterdir()
    values = [value for event in EventFileLoader(str(file)).Load() for value in event.summary.value]
    assert [value.tag for value in values] == [
        "train/loss",
        "validation/nll",
        "validation/nllByT/0.0625",
    ]
    step, validation = map(json.loads, metrics.path.read_text().splitlines())
    assert step == {"step": 4, "loss": 0.5}
    assert validation == {"step": 4, "validation": measured, "time": 1.0}
