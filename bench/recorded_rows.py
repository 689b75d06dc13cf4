"""How often a packed row finds its layers recorded: `python bench/recorded_rows.py`.

CUDA graphs are recorded for each row length and plan of attention (train/graphed_layers.py), the
last used are kept, and one serves other rows of its length as well. The trainer's own code makes as
many global batches as three epochs of a thousand documents have; rows of s1K are repeated for it,
under new tails of end tokens and in new company. No GPU is needed: which rows come is decided on
the host.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from packing import IDS, TRAINING, converted, test_data

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "trainer"))

from dream_sft.data.dataset import Dataset, load_dataset
from dream_sft.model.cudnn_layout import PlanKey, key_of, plan_for
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.train.batches import Batches
from dream_sft.train.recordings import Recordings

KEPT = (8, 16, 32, 64, 128)
STEPS = 3 * 1000 // TRAINING["documentsPerStep"]
# View, longest document, tokens of a row: those of plans/dream7b-s1k*.yaml, and longer rows.
CASES = (
    ("attempt", 2048, 8192),
    ("attempt", 2048, 12672),
    ("attempt", 2048, 4096),
    ("trace_if_fits", 4031, 8192),
    ("trace_if_fits", 4031, 4224),
)

HEADS, KV_HEADS, WIDTH = 28, 4, 128
Shape = tuple[int, PlanKey]


def main() -> None:
    data = test_data()
    for view, longest, cap in CASES:
        with tempfile.TemporaryDirectory() as folder:
            converted(data, Path(folder), view, longest)
            shapes = list(row_shapes(load_dataset(Path(folder)), cap))
        found = {str(most): round(share_found(shapes, most), 3) for most in KEPT}
        counts = {"rows": len(shapes), "shapes": len(set(shapes))}
        line = {
            "bench": "recorded-rows",
            "view": view,
            "rowsOf": cap,
            **counts,
            "found": found,
        }
        print(json.dumps(line))


def row_shapes(dataset: Dataset, cap: int) -> Iterator[Shape]:
    """Row length and plan of attention of each row, in the order of a run."""
    training = {**TRAINING, "tokensPerMicroBatch": cap, "eosTail": [0, 64]}
    batches = Batches(dataset, training, IDS)
    for step in range(1, STEPS + 1):
        for micro in batches.batch(step).micro_batches:
            assert micro.lengths is not None
            tokens = micro.noised_BL.size
            q, k = (
                torch.empty(tokens, heads, WIDTH, dtype=torch.bfloat16, device="meta")
                for heads in (HEADS, KV_HEADS)
            )
            yield tokens, key_of(q, k, DocumentBounds.of(micro.lengths, "cpu"))


def share_found(shapes: list[Shape], most: int) -> float:
    kept: Recordings[Shape, bool] = Recordings(most, 1)
    found = 0
    for length, key in shapes:
        plan = plan_for((other for tokens, other in kept if tokens == length), key)
        if plan is not None and kept.get((length, plan)):
            found += 1
        else:
            kept.add((length, key), True, 0)
    return found / len(shapes)


if __name__ == "__main__":
    main()
