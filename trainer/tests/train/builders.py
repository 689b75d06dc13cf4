"""A tiny random model, a small converted data set and real trainer processes, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dream_sft.data.dataset import Document, dataset_bytes
from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream, init_weights
from dream_sft.model.weights import save_dream
from tests.warm import ENVIRONMENT, run_warm

VOCABULARY, MASK, EOS = 24, 23, 0


def small_config(*, width: int = 16, layers: int = 2) -> DreamConfig:
    return DreamConfig(
        vocab_size=VOCABULARY,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=128,
        mask_token_id=MASK,
        pad_token_id=EOS,
        eos_token_id=EOS,
        rope_theta=10000.0,
        rms_norm_eps=1e-6,
    )


def write_model(folder: Path, *, width: int = 16, seed: int = 3) -> Path:
    model = Dream(small_config(width=width))
    init_weights(model, seed)
    save_dream(model, folder)
    return folder


def write_dataset(folder: Path, *, documents: int = 24, seed: int = 5) -> Path:
    """Documents of 6 to 14 tokens in the format that convert writes."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(documents):
        prompt, answer = int(random.integers(2, 6)), int(random.integers(4, 9))
        ids = random.integers(1, MASK, prompt + answer).astype(np.int32)
        made.append(Document(sample_id=1000 + number, ids=ids, prompt_length=prompt, cut=False))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "documents.safetensors").write_bytes(dataset_bytes(made))
    tokenizer = {"name": "test", "vocabSize": VOCABULARY, "maskId": MASK, "eosId": EOS}
    conversion = {"version": 1, "tokenizer": {**tokenizer, "padId": EOS}}
    (folder / "conversion.json").write_text(json.dumps(conversion))
    return folder


@dataclass
class Workshop:
    """A base, a data set and run specs in one folder."""

    root: Path

    def spec(self, name: str = "run", **changes: Any) -> Path:
        """A spec of 30 steps; dotted keys change single values, None removes one."""
        spec: dict[str, Any] = {
            "command": "train",
            "runDir": f"{name}/run",
            "threads": 1,
            "base": "base",
            "dataset": "dataset",
            "training": {
                "steps": 30,
                "documentsPerStep": 8,
                "documentsPerMicroBatch": 4,
                "learningRate": 0.01,
                "eosTail": [0, 4],
                "weightDecay": 0.01,
            },
            "checkpoints": {"everySteps": 5, "folder": f"{name}/checkpoints"},
            "output": f"{name}/output",
        }
        for dotted, value in changes.items():
            *path, last = dotted.split("__")
            part = spec
            for key in path:
                part = part[key]
            if value is None and last not in ("resumeFrom", "output"):
                part.pop(last, None)
            else:
                part[last] = value
        file = self.root / f"{name}.json"
        file.write_text(json.dumps(spec))
        return file

    def newest(self, name: str = "run") -> str | None:
        """The newest finished checkpoint of run `name`."""
        found = (self.root / name / "checkpoints").glob("step-*")
        ordered = sorted(found, key=lambda p: int(p.name.removeprefix("step-")))
        return str(ordered[-1]) if ordered else None


def start(spec: Path, command: str = "train", **options: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, **ENVIRONMENT}
    return subprocess.Popen(
        [sys.executable, "-m", "dream_sft", command, "--spec", str(spec)],
        **{
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "env": environment,
            **options,
        },
    )


@dataclass
class Finished:
    code: int
    events: list[dict[str, Any]]
    stderr: str

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    @property
    def metrics(self) -> dict[str, Any]:
        """Of the result event, which must be the last."""
        assert self.events and self.events[-1]["type"] == "result", (self.code, self.stderr)
        metrics: dict[str, Any] = self.events[-1]["metrics"]
        return metrics


def until_step(process: subprocess.Popen[str], step: int) -> list[dict[str, Any]]:
    """Read events until that of `step`.

    With a pipe of one page (`pipesize=4096`) the trainer is then at most some ten steps further:
    it waits for its reader.
    """
    assert process.stdout is not None
    events = []
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["type"] == "step" and events[-1]["step"] >= step:
            return events
    raise AssertionError(f"ended before step {step}: {process.communicate()[1]}")


def finish(process: subprocess.Popen[str]) -> Finished:
    """Read the rest of both pipes; stderr is short, so that it may come second."""
    assert process.stdout is not None and process.stderr is not None
    out, err = process.stdout.read(), process.stderr.read()
    process.wait()
    return _finished(process.returncode, out, err)


def _finished(code: int, out: str, err: str) -> Finished:
    lines = out.splitlines()
    if code < 0 and out and not out.endswith("\n"):
        lines.pop()  # a line that SIGKILL cut
    return Finished(code, [json.loads(line) for line in lines], err)


def run(spec: Path, command: str = "train", **options: Any) -> Finished:
    if options:
        return finish(start(spec, command, **options))
    with tempfile.TemporaryDirectory() as name:
        output = Path(name)
        code = run_warm([command, "--spec", str(spec)], output)
        return _finished(code, (output / "stdout").read_text(), (output / "stderr").read_text())
