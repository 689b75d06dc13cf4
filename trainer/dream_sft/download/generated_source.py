"""kind: generated. Questions in s1K's schema from a seeded generator, written as JSONL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dream_sft.download.item import Emit, Fetched, progress
from dream_sft.io.errors import SpecError
from dream_sft.io.files import write_atomic


def fetch(source: dict[str, Any], destination: Path, emit: Emit) -> Fetched:
    """Writes `<generator>.jsonl` with source["rows"] rows; the same seed gives the same bytes.

    Raises SpecError when the generator has fewer different rows than that.
    """
    from dream_sft.data.arithmetic import generate_rows

    try:
        rows = list(generate_rows(source["rows"], source["seed"]))
    except ValueError as error:
        raise SpecError(f"{error}; correct source.rows") from error
    target = destination / f"{source['generator']}.jsonl"
    lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    write_atomic(target, "".join(lines))
    progress(emit, target.name, len(rows), len(rows), "rows")
    return Fetched([target])
