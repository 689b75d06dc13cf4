"""Files that are whole or absent, and their digests."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

FileEntry = dict[str, Any]
_CHUNK = 4 * 1024 * 1024


def sha256_file(path: Path) -> str:
    """Lower-case hexadecimal sha256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def file_entry(folder: Path, name: str) -> FileEntry:
    """`{path, size, sha256}` of the file `name` (with forward slashes) in `folder`."""
    path = folder / name
    return {"path": name, "size": path.stat().st_size, "sha256": sha256_file(path)}


def file_entries(folder: Path, paths: Iterable[Path] | None = None) -> list[FileEntry]:
    """`{path, size, sha256}` of the files (default: all below `folder`), sorted by path.

    Paths are relative to `folder`, with forward slashes.
    """
    chosen = (p for p in folder.rglob("*") if p.is_file()) if paths is None else paths
    names = sorted(path.relative_to(folder).as_posix() for path in chosen)
    return [file_entry(folder, name) for name in names]


def sync_file(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def sync_folder(folder: Path) -> None:
    """Make renames and new names inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file that a reader sees old or new, never half. Raises OSError (disk full)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as handle:
            handle.write(content.encode() if isinstance(content, str) else content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_folder(folder: Path, fill: Callable[[Path], list[FileEntry]]) -> list[FileEntry]:
    """Create `folder` in one rename: `fill` writes into a temporary one beside it, all is flushed.

    Returns the entries that `fill` returns. What stood at `folder` before is replaced. When `fill`
    or the disk fails, the temporary folder is removed, `folder` stays as it was, and the error goes
    on.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        entries = fill(temporary)
        for path in sorted(temporary.rglob("*"), reverse=True):
            sync_folder(path) if path.is_dir() else sync_file(path)
        sync_folder(temporary)
        _replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync_folder(folder.parent)
    return entries


def _replace(temporary: Path, folder: Path) -> None:
    if folder.exists():
        # A folder cannot be renamed over a filled one; the old one steps aside first.
        old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        temporary.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        temporary.rename(folder)


def remove_leftovers(parent: Path, dead: Callable[[int], bool]) -> list[Path]:
    """Delete temporary entries in `parent` whose process is dead; returns what was deleted."""
    removed = []
    for path in sorted(parent.glob(".*.tmp")) + sorted(parent.glob(".*.old")):
        number = path.name.split(".")[-2]
        if number.isdigit() and dead(int(number)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            removed.append(path)
    return removed
