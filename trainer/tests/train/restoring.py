"""`python -m tests.train.restoring CHECKPOINT SPEC`: how much host memory a resume takes.

Prints bytes held by weights and optimizer, and by how much the process grew at most meanwhile.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from dream_sft.io.spec import load_spec
from dream_sft.train.checkpoint import Checkpoint
from dream_sft.train.methods.open import open_method
from dream_sft.train.state import TrainState


def memory(name: str) -> int:
    """VmRSS or VmHWM of this process, in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def main(folder: Path, spec_file: Path) -> None:
    torch.set_num_threads(1)
    spec = load_spec("train", spec_file)
    checkpoint = Checkpoint(folder, TrainState(step=1, updates=1), {}, {}, "")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
    before = memory("VmRSS")
    method = open_method(spec, torch.device("cpu"), checkpoint)
    mistakes = method.restore(folder, 1)
    assert mistakes == [], mistakes
    held = [*method.weights().values(), *method.moments().values()]
    grown = memory("VmHWM") - before
    print(json.dumps({"held": sum(tensor.nbytes for tensor in held), "grown": grown}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
