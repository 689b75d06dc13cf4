"""How often a packed row finds its layers recorded: `python bench/recorded_rows.py`.

CUDA graphs are recorded for each row length and plan of attention (train/graphed_layers.py), and
the last used are kept. The trainer's own code makes as many global batches as three epochs of a
thousand documents have; rows of s1K are repeated for it, under new tails of end tokens and in new
company. No GPU is needed: which rows come is decided on the host.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packing import IDS, TRAINING, converted, test_data

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "trainer"))

from dream_sft.data.dataset import Dataset, load_dataset
from dream_sft.model.document_bounds import SHORTEST, power_of_two
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

Shape = tuple[int, int, int]


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
    """Row length, documents and longest document of each plan, in the order of a run."""
    training = {**TRAINING, "tokensPerMicroBatch": cap, "eosTail": [0, 64]}
    batches = Batches(dataset, training, IDS)
    for step in range(1, STEPS + 1):
        for micro in batches.batch(step).micro_batches:
            assert micro.lengths is not None
            documents, longest = len(micro.lengths), max(micro.lengths)
            yield (
                micro.noised_BL.size,
                power_of_two(documents),
                power_of_two(longest, SHORTEST),
            )


def share_found(shapes: list[Shape], most: int) -> float:
    kept: Recordings[Shape, bool] = Recordings(most, 1)
    found = 0
    for shape in shapes:
        if kept.get(shape):
            found += 1
        else:
            kept.add(shape, True, 0)
    return found / len(shapes)


if __name__ == "__main__":
    main()
