"""How full packed rows are, over real s1K traces: `python bench/packing.py`.

Converts the rows under view trace_if_fits for each cap (documents of at most cap - 65 tokens, so
that the longest tail of end tokens fits as well), makes every global batch of 8 epochs with the
trainer's own code, and divides by the tokens of the packed rows. `no packing does better than` is
the same quotient for the least that any packing into rows of multiples of 128 computes: `least`.
Rows and tokenizer are looked for in $DREAM_SFT_TEST_DATA, else ../shared/data.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "trainer"))

from dream_sft.data import convert  # noqa: E402
from dream_sft.data.dataset import load_dataset  # noqa: E402
from dream_sft.train.batches import Batches, TokenIds  # noqa: E402
from dream_sft.train.packing import rounded  # noqa: E402

CAPS = (2048, 4096, 8192)
DOCUMENTS_PER_STEP = 16
EPOCHS = 8
IDS = TokenIds(mask=151666, eos=151643, pad=151643)
TRAINING: dict[str, Any] = {
    "seed": 42,
    "documentsPerStep": DOCUMENTS_PER_STEP,
    "documentsPerMicroBatch": DOCUMENTS_PER_STEP,
    "t": "low_discrepancy",
    "weighting": "cart",
    "cartP": 0.1,
}


def main() -> None:
    data = test_data()
    with tempfile.TemporaryDirectory() as folder:
        results = {str(cap): _measure(data, Path(folder) / str(cap), cap) for cap in CAPS}
    print(json.dumps({"bench": "packing", "rows": "s1k_traces_58", "caps": results}))


def test_data() -> Path:
    return Path(os.environ.get("DREAM_SFT_TEST_DATA") or ROOT.parent / "shared" / "data")


def converted(data: Path, folder: Path, view: str, longest: int) -> dict[str, Any]:
    """The rows under `view`, documents of at most `longest` tokens; what convert tells of them."""
    spec = {
        "dataset": str(data / "s1k" / "s1k_traces_58.jsonl"),
        "tokenizer": str(data / "dream7b_tokenizer"),
        "view": view,
        "overLong": "drop" if view == "attempt" else "attempt_only",
        "maxLength": longest,
        "systemPrompt": None,
        "boxedInstruction": False,
        "dropUnderTokens": 0,
        "heldOutRows": 0,
        "seed": 0,
        "output": str(folder),
    }
    metrics: dict[str, Any] = convert.run(spec, lambda event: None)["metrics"]
    return metrics


def _measure(data: Path, folder: Path, cap: int) -> dict[str, Any]:
    metrics = converted(data, folder, "trace_if_fits", cap - 65)
    return {
        "rowsByRule": metrics["rowsByRule"],
        "longest": metrics["longest"],
        "tail 0..0": _fill(folder, cap, [0, 0]),
        "tail 0..64": _fill(folder, cap, [0, 64]),
    }


def _fill(folder: Path, cap: int, tail: list[int]) -> dict[str, float]:
    dataset = load_dataset(folder)
    training = {**TRAINING, "tokensPerMicroBatch": cap, "eosTail": tail}
    batches = Batches(dataset, training, IDS)
    steps = -(-EPOCHS * len(dataset) // DOCUMENTS_PER_STEP)
    made = [batches.batch(step) for step in range(1, steps + 1)]
    computed = [sum(m.noised_BL.size for m in batch.micro_batches) for batch in made]
    documents = [batch.tokens for batch in made]
    lengths = [[sample.shape.length for sample in batch.samples] for batch in made]
    placed = [sum(of_step) for of_step in lengths]
    rows = sum(len(batch.micro_batches) for batch in made)
    return {
        "document tokens / computed": round(sum(documents) / sum(computed), 4),
        "no packing does better than": round(
            sum(documents) / sum(least(of_step, cap) for of_step in lengths), 4
        ),
        "document tokens / with tails": round(sum(documents) / sum(placed), 4),
        "with tails / computed": round(sum(placed) / sum(computed), 4),
        "worst step, with tails": round(
            min(a / b for a, b in zip(placed, computed, strict=True)), 4
        ),
        "rows a step": round(rows / steps, 2),
        "tokens a row": round(sum(computed) / rows),
    }


def least(lengths: Sequence[int], cap: int) -> int:
    """Tokens that any packing of one step computes at least.

    A document that fits into a row with no other one is rounded up alone; the others, however they
    lie, cannot take less than their sum rounded up once.
    """
    ordered = sorted(lengths)
    alone = [n for n in ordered[1:] if n + ordered[0] > cap]
    together = sum(ordered) - sum(alone)
    return sum(rounded(n) for n in alone) + rounded(together)


if __name__ == "__main__":
    main()
