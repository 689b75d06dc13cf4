"""kind: file. A local file or folder; large files are hard-linked where possible, others copied.

The `sha256` of a folder is that of its listing: lines `<sha256>  <path>` sorted by path, as
`sha256sum` prints them inside the folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from dream_sft.download.item import Emit, Fetched, progress
from dream_sft.download.safe_files import choose_files
from dream_sft.io.errors import DataError, SpecError
from dream_sft.io.files import sha256_file

# Small files are copied, so that editing the original later does not change ours.
LINK_FROM_BYTES = 64 * 1024 * 1024


def fetch(source: dict[str, Any], destination: Path, emit: Emit) -> Fetched:
    """Brings source["path"] to `destination`; raises SpecError (no path), DataError (digest)."""
    origin = Path(source["path"])
    if origin.is_file():
        pairs = [(origin, destination / origin.name)]
    elif origin.is_dir():
        names = _names(origin, emit)
        pairs = [(origin / name, destination / name) for name in names]
    else:
        raise SpecError(f"{origin}: no such file or folder; correct source.path")
    for done, (original, target) in enumerate(pairs, start=1):
        _place(original, target)
        progress(emit, f"copied {origin.name}", done, len(pairs), "files")
    paths = [target for _, target in pairs]
    wanted = source.get("sha256")
    if wanted is not None:
        found = sha256_file(paths[0]) if origin.is_file() else listing_digest(destination, paths)
        if found != wanted:
            for path in paths:
                path.unlink()
            raise DataError(f"{origin}: has sha256 {found}, expected {wanted}; nothing was kept")
    return Fetched(paths)


def listing_digest(folder: Path, paths: list[Path]) -> str:
    """sha256 of the lines `<sha256>  <path>`, sorted by path, of files below `folder`."""
    lines = sorted((path.relative_to(folder).as_posix(), sha256_file(path)) for path in paths)
    text = "".join(f"{digest}  {name}\n" for name, digest in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def _names(folder: Path, emit: Emit) -> list[str]:
    found = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    names = choose_files(found, None)
    if not names:
        raise SpecError(f"{folder}: holds no file to take (data, texts or safetensors)")
    skipped = len(found) - len(names)
    if skipped:
        message = f"{folder}: {skipped} hidden files, pickles or programs were left out"
        emit({"type": "warning", "message": message})
    return names


def _place(original: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.samefile(original):
        return
    temporary = target.with_name(f".{target.name}.part")
    temporary.unlink(missing_ok=True)
    real = original.resolve()
    try:
        if real.stat().st_size >= LINK_FROM_BYTES:
            os.link(real, temporary)
        else:
            shutil.copyfile(real, temporary)
    except OSError:
        # Another disk, or one without hard links; a full disk fails again here, and says so.
        shutil.copyfile(real, temporary)
    temporary.replace(target)
