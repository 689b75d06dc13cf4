"""A few training documents as people read them, with the line between what is never masked and what
is learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dream_sft.data.dataset import Dataset
from dream_sft.data.tokenizer import Tokenizer

BOUNDARY = "▲ prompt: never masked · response: masked and learned ▼"


def sample_text(dataset: Dataset, tokenizer: Tokenizer, rules: Sequence[str]) -> str:
    """sample.txt: the first, the median and the longest document, decoded from the ids that
    training reads (not from the row's text); `rules` [N] are their conversion rules."""
    by_length = np.argsort(dataset.lengths, kind="stable")
    chosen = {0: "first", int(by_length[len(by_length) // 2]): "median length"}
    chosen.setdefault(int(by_length[-1]), "longest")
    return "\n".join(
        _one(dataset, tokenizer, index, f"{label}, rule {rules[index]}")
        for index, label in chosen.items()
    )


def _one(dataset: Dataset, tokenizer: Tokenizer, index: int, label: str) -> str:
    document = dataset.document(index)
    ids = [int(token) for token in document.ids]
    boundary = document.prompt_length
    end = " ✂ cut, no end token" if document.cut else tokenizer.decode([tokenizer.eos_id])
    counts = f"{boundary} prompt + {len(ids) - boundary} response tokens"
    return "\n".join(
        [
            f"=== document {index + 1} of {len(dataset)} ({label}; {counts}; "
            f"sample {document.sample_id:016x}) ===",
            tokenizer.decode(ids[:boundary]),
            f"──── {BOUNDARY} ────",
            tokenizer.decode(ids[boundary:]) + end,
            "",
        ]
    )
