"""Exported folders open in the published class and in dLLM; neither is a dependency of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PYTHON = os.environ.get("DREAM_SFT_HF_PYTHON")
CODE = {
    "published": os.environ.get("DREAM_SFT_PUBLISHED_CODE"),
    "dllm": os.environ.get("DREAM_SFT_DLLM_CODE"),
}


@pytest.mark.skipif(
    PYTHON is None or None in CODE.values(),
    reason="set DREAM_SFT_HF_PYTHON (a Python with transformers), DREAM_SFT_PUBLISHED_CODE and "
    "DREAM_SFT_DLLM_CODE (folders; see bench/opens_elsewhere.py)",
)
def test_full_and_merged_exports_give_our_logits_in_both_classes() -> None:
    named = [part for kind, folder in CODE.items() for part in (f"--{kind}", str(folder))]
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench/opens_elsewhere.py"), "--python", str(PYTHON), *named],
        env={**os.environ, "PYTHONPATH": str(ROOT / "trainer"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    opened = {(record["folder"], record["opened"].split()[0]) for record in records}
    assert opened == {(folder, kind) for folder in ("full", "lora") for kind in CODE}
    for record in records:
        assert record["changedByTraining"] > 0.01
        assert record["largestDifference"] < 1e-5
