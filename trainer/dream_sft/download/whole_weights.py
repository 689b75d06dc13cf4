"""Weights that were fetched are whole: found here, before anything is made from them.

A safetensors file begins with its header, whose last offset says how long the file is.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from safetensors import SafetensorError, safe_open

from dream_sft.io.errors import DataError


def refuse_cut_weights(origin: str, paths: Iterable[Path]) -> None:
    """Reads headers only. Raises DataError naming every cut or damaged file among `paths`.

    The files are deleted, so that nobody takes them for whole; `origin` is what a person named.
    """
    mistakes: list[str] = []
    for path in paths:
        if path.suffix != ".safetensors":
            continue
        try:
            with safe_open(path, framework="np"):
                pass
        except (SafetensorError, OSError) as error:
            mistakes.append(f"{path.name} is cut off or damaged ({error})")
            path.unlink(missing_ok=True)
    if mistakes:
        raise DataError(f"{origin}: cannot be used; fetch it again or name another", mistakes)
