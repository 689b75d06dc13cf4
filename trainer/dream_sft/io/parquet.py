"""Rows of a Parquet file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from dream_sft.io.errors import DataError

SUFFIX = ".parquet"


def read_parquet(file: Path, columns: Collection[str] | None = None) -> list[dict[str, Any]]:
    """All rows, of those columns that are there; None: of all.

    Raises DataError for a damaged file, and where pyarrow is not installed.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise DataError(
            f"{file}: reading Parquet needs pyarrow; install it beside the trainer or give JSONL"
        ) from error
    try:
        table = parquet.ParquetFile(file)
        there = table.schema_arrow.names
        wanted = [name for name in there if columns is None or name in columns]
        return list(table.read(columns=wanted).to_pylist())
    except (OSError, ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{file}: damaged Parquet ({reason}); fetch it again") from error
