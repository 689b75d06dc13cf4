"""The folder that a command keeps compiled code in, marked for as long as it may compile."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dream_sft.io.rank_process import RankProcess
from dream_sft.train.compile_cache import FOLDER, keep_compiled_code
from dream_sft.train.compiling_mark import CompilingMark

log = logging.getLogger("dream_sft.compiled_code")


@contextmanager
def compiled_code(run_dir: Path, wanted: bool) -> Iterator[CompilingMark | None]:
    """Enter it before anything is compiled. None where nothing is to be marked: nothing compiles
    (not `wanted`), the first rank marks for all, or the user has named the folder, which is not
    ours to clear.
    """
    if not wanted:
        yield None
        return
    folder = keep_compiled_code(run_dir)
    log.info("compiled code is kept in %s", folder)
    if folder.name != FOLDER or RankProcess.of_environment().rank != 0:
        yield None
        return
    with CompilingMark(folder) as mark:
        yield mark
