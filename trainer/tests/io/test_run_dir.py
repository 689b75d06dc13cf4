"""The log on a disk without space: people still read it on stderr, and no stack beside it."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import pytest

from dream_sft.io.run_dir import open_log


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
