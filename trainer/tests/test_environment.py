"""The file that tells the report in what the trainer ran."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import torch
from jsonschema import Draft202012Validator

from dream_sft.environment import FILE, cpu_model, environment, write_environment
from dream_sft.io.schemas import load_schema


def _check(content: dict[str, Any]) -> None:
    Draft202012Validator(load_schema("environment")).validate(content)


def test_with_torch_it_names_versions_threads_and_instruction_set(tmp_path: Path) -> None:
    write_environment({"command": "train", "device": "cpu", "runDir": str(tmp_path)})
    content = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    _check(content)
    assert content["torchVersion"] == torch.__version__
    assert content["threads"] == torch.get_num_threads()
    assert content["cpu"]["instructionSet"] == torch.backends.cpu.get_cpu_capability()
    assert content["packages"]["numpy"] == numpy.__version__
    assert content["gpu"] is None


def test_a_command_without_torch_does_not_load_it() -> None:
    code = (
        "import json, sys; from dream_sft.environment import environment;"
        "made = environment('convert', 'cpu'); assert 'torch' not in sys.modules;"
        "print(json.dumps(made))"
    )
    trainer = Path(__file__).parents[1]
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(trainer)},
        capture_output=True,
        text=True,
        check=True,
    )
    content = json.loads(ran.stdout)
    _check(content)
    assert content["torchVersion"] is None and content["threads"] is None


def test_the_processor_is_read_from_the_kernel(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nmodel name\t: A Fast One @ 3 GHz\nmodel name\t: other\n")
    assert cpu_model(told) == "A Fast One @ 3 GHz"


def test_a_gpu_is_not_claimed_for_a_run_on_the_cpu() -> None:
    assert environment("train", "cpu")["gpu"] is None
