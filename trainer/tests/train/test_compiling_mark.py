"""Half a compiled file of a killed start is not loaded for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dream_sft.train.compiling_mark import CompilingMark

TRAINER = Path(__file__).resolve().parents[2]
_KILLED = """
import os, signal, sys
from pathlib import Path
from dream_sft.train.compiling_mark import CompilingMark
folder = Path(sys.argv[1])
mark = CompilingMark(folder)
(folder / "ab").mkdir()
if sys.argv[2] == "settled":
    (folder / "ab" / "whole.so").write_bytes(b"whole")
    os.utime(folder / "ab" / "whole.so", (1_700_000_000, 1_700_000_000))
    os.utime(mark._descriptor, (1_600_000_000, 1_600_000_000))
    mark.settled()
(folder / "ab" / "half.so").write_bytes(b"")
if sys.argv[2] == "stepped":
    mark.close()
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(folder: Path, when: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(folder), when], cwd=TRAINER, check=False
    )
    assert done.returncode == -signal.SIGKILL


def older(path: Path) -> Path:
    path.write_bytes(b"whole")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_a_start_killed_while_compiling_wrote_is_thrown_away(tmp_path: Path) -> None:
    older(tmp_path / "old.so")
    killed(tmp_path, "compiling")
    assert len(names(tmp_path)) == 3
    with CompilingMark(tmp_path):
        assert [name for name in names(tmp_path) if not name.startswith(".")] == ["old.so"]
    assert names(tmp_path) == ["old.so"]


def test_what_was_compiled_before_a_kill_stays(tmp_path: Path) -> None:
    killed(tmp_path, "stepped")
    with CompilingMark(tmp_path):
        assert "half.so" in names(tmp_path)


def test_of_a_kill_only_what_came_after_the_last_settling_is_lost(tmp_path: Path) -> None:
    killed(tmp_path, "settled")
    with CompilingMark(tmp_path):
        assert [name for name in names(tmp_path) if not name.startswith(".")] == ["whole.so"]


def test_a_mark_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    with CompilingMark(tmp_path) as first:
        (tmp_path / "fresh.so").write_bytes(b"whole")
        with CompilingMark(tmp_path):
            assert len(names(tmp_path)) == 3
        assert len(names(tmp_path)) == 2
        first.close()
        assert names(tmp_path) == ["fresh.so"]


def test_an_error_leaves_no_mark(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="refused"), CompilingMark(tmp_path):
        raise ValueError("refused")
    assert names(tmp_path) == []
