"""Which files of a folder or repository are fetched: data, weights in safetensors, texts.

Pickles (*.bin, *.pt, ...) and code (*.py) can run when they are loaded; they are never fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

SAFE_SUFFIXES = frozenset(
    {".safetensors", ".json", ".jsonl", ".parquet", ".txt", ".jinja", ".md", ".csv", ".yaml"}
)
SAFE_NAMES = frozenset({"LICENSE", "NOTICE"})


def is_safe(path: str) -> bool:
    """Whether this relative path stays inside its folder, is not hidden, and holds no code."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or "\\" in path or any(part.startswith(".") for part in parts.parts):
        return False
    return parts.suffix.lower() in SAFE_SUFFIXES or parts.name in SAFE_NAMES


def choose_files(paths: Sequence[str], patterns: Sequence[str] | None) -> list[str]:
    """The safe ones of `paths` that match any of `patterns` (all when None), sorted."""
    return sorted(
        path
        for path in paths
        if is_safe(path)
        and (patterns is None or any(fnmatchcase(path, pattern) for pattern in patterns))
    )
