from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dream_sft.io.events import Emitter, check

WARNING: dict[str, Any] = {"type": "warning", "message": "grüße"}


def test_one_line_an_event(tmp_path: Path) -> None:
    path = tmp_path / "events"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    emit = Emitter(descriptor)
    emit(WARNING)
    emit({"type": "progress", "what": "x\ny", "done": 1, "total": None, "unit": "rows"})
    os.close(descriptor)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0]) == WARNING
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("event", "names"),
    [
        ({"type": "wanring", "message": ""}, "wanring"),
        ({"type": "warning", "message": 3}, "message"),
        ({"type": "warning", "message": "", "more": 1}, "more"),
        ({"type": "warning"}, "message"),
        ({"type": "result", "command": "train", "folder": None, "files": []}, "metrics"),
    ],
)
def test_events_that_the_contract_does_not_know_are_refused(
    event: dict[str, Any], names: str
) -> None:
    with pytest.raises(ValueError, match=names):
        check(event)


def test_stray_prints_of_libraries_and_children_go_to_stderr() -> None:
    code = (
        "import os\n"
        "from dream_sft.io.events import Emitter, take_stdout\n"
        "emit = Emitter(take_stdout())\n"
        "print('stray', flush=True)\n"
        "os.system('echo child')\n"
        "emit({'type': 'warning', 'message': 'kept'})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"type": "warning", "message": "kept"}
    ]
    assert "stray" in done.stderr and "child" in done.stderr


def test_pings_of_the_parent_are_answered_while_the_work_goes_on() -> None:
    code = (
        "import time\n"
        "from dream_sft.io.events import Emitter, answer_pings, take_stdout\n"
        "from dream_sft.io.parent_watch import watch_parent\n"
        "assert watch_parent(answer_pings(Emitter(take_stdout())))\n"
        "while True: time.sleep(3600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write("ping 7\nping\nping x\npong 1\nping ")
        child.stdin.flush()
        assert json.loads(child.stdout.readline()) == {"type": "pong", "id": 7}
        child.stdin.write("8\n")
        child.stdin.close()
        assert [json.loads(line) for line in child.stdout] == [{"type": "pong", "id": 8}]
