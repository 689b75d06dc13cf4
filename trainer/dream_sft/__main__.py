"""`python -m dream_sft <command> --spec FILE`: one command, one process.

In goes a run spec; out come event lines on stdout, logs on stderr and an exit code that says what
to do next. Nothing heavy is imported before the command is known, so help answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dream_sft.environment import write_environment
from dream_sft.io import exit_codes, stop
from dream_sft.io.errors import (
    ResourceError,
    SpecError,
    Stopped,
    TrainerError,
    is_disk_full,
    memory_that_ran_out,
)
from dream_sft.io.events import Emit, Emitter, Event, answer_pings, take_stdout
from dream_sft.io.parent_watch import watch_parent
from dream_sft.io.rank_process import RankProcess, launch
from dream_sft.io.read_ahead import read_ahead, weights_folder
from dream_sft.io.run_dir import open_log
from dream_sft.io.schemas import COMMANDS
from dream_sft.io.spec import Spec, load_spec
from dream_sft.io.spec_help import about, spec_help
from dream_sft.io.torch_environment import prepare_environment

log = logging.getLogger("dream_sft.main")
_MODULES = {
    "download": "dream_sft.download.run",
    "convert": "dream_sft.data.convert",
    "validate": "dream_sft.data.validate",
    "train": "dream_sft.commands.train",
    "sample": "dream_sft.commands.sample",
    "evaluate": "dream_sft.commands.evaluate",
    "merge": "dream_sft.commands.merge",
    "compare": "dream_sft.commands.compare",
    "gather": "dream_sft.commands.gather",
    "strategies": "dream_sft.commands.compare_strategies",
    "trace": "dream_sft.commands.trace_cases",
}
_WITH_TORCH = {"train", "sample", "evaluate", "merge", "strategies", "trace"}
_STOPPABLE = {"train", "evaluate", "strategies"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in COMMANDS and ("--help" in words or "-h" in words):
        try:
            print(spec_help(words[0]), flush=True)
        except BrokenPipeError:  # `--help | head` has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.FINISHED
    parsed = _parse(words)
    process, stdout = RankProcess.of_environment(), take_stdout()
    tell = Emitter(stdout)
    emit = tell if process.rank == 0 else _tell_nothing
    try:
        if parsed.command in _STOPPABLE:
            stop.listen(process.stop_file)
        watch_parent(answer_pings(emit))
        spec = _read_spec(parsed, emit)
        if spec.get("training", {}).get("worldSize", 1) > 1 and not process.under_torchrun:
            return _launch(parsed.spec, spec, emit, stdout)
        _start(spec, emit, process)
        process.note_started()
        _open_run_dir(spec, process.rank)
        handler = importlib.import_module(_MODULES[parsed.command]).run
        emit({**handler(spec, emit), "type": "result", "command": parsed.command})
        return exit_codes.FINISHED
    except Stopped as stopped:
        log.info("%s", stopped)
        emit({"type": "stopped", "message": str(stopped)})
        return process.stopped()
    except Exception as error:
        return _fail(error, tell, process)


def _parse(words: list[str]) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m dream_sft",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="The trainer half of dream-sft. Each command works alone.",
        epilog="commands:\n"
        + "\n".join(f"  {name:10} {about(name)}" for name in COMMANDS)
        + "\n\n`<command> --help` explains every key of its spec.",
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    parser.add_argument("--spec", required=True, metavar="FILE", help="run spec, a JSON file")
    return parser.parse_args(words)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        self.exit(exit_codes.SPEC, f"{self.prog}: {message}; try --help\n")


def _read_spec(parsed: argparse.Namespace, emit: Emit) -> Spec:
    try:
        return load_spec(parsed.command, Path(parsed.spec))
    except SpecError:
        # `started` comes first in every case; the device is not known without a spec.
        emit(_started(parsed.command, None, "unknown", None))
        raise


def _launch(file: str, spec: Spec, emit: Emit, stdout: int) -> int:
    """Start the ranks; the first of them writes all events, from `started` on."""
    return launch(
        file,
        spec["training"]["worldSize"],
        stdout,
        stop.stop_requested,
        lambda: emit(_started(spec["command"], None, spec["device"], None)),
    )


def _tell_nothing(_event: Event) -> None:
    """Emit of a rank that leaves telling to the first."""


def _open_run_dir(spec: Spec, rank: int) -> None:
    try:
        open_log(Path(spec["runDir"]), spec["command"], rank=rank)
        if rank == 0:
            write_environment(spec)
    except OSError as error:
        if is_disk_full(error):
            raise
        raise SpecError(f"runDir: cannot write to {spec['runDir']} ({error.strerror})") from error


def _start(spec: Spec, emit: Emit, process: RankProcess) -> None:
    """The `started` event; torch is imported here, once threads are known."""
    version, threads = None, spec.get("threads")
    if spec["command"] in _WITH_TORCH:
        folder = weights_folder(spec)
        if process.local == 0 and folder is not None:  # ranks of a host share its page cache
            read_ahead(folder)
        prepare_environment(spec)
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        version, threads = torch.__version__, torch.get_num_threads()
    emit(_started(spec["command"], version, spec["device"], threads))


def _started(command: str, torch_version: str | None, device: str, threads: int | None) -> Event:
    return {
        "type": "started",
        "command": command,
        "pid": os.getpid(),
        "pythonVersion": sys.version.split()[0],
        "torchVersion": torch_version,
        "device": device,
        "threads": threads,
    }


def _fail(error: Exception, emit: Emit, process: RankProcess) -> int:
    """Say what went wrong: an event for programs, one or two lines for people, an exit code."""
    known = _as_trainer_error(error)
    if not process.may_tell(known.exit_code):
        return known.exit_code
    if isinstance(known, ResourceError):
        emit(
            {
                "type": "budget",
                "resource": known.resource,
                "device": known.device,
                "tokenBudget": known.token_budget,
                "tokens": known.tokens,
                "documents": known.documents,
            }
        )
    emit(
        {
            "type": "error",
            "reason": known.reason,
            "message": known.message,
            "mistakes": known.mistakes,
        }
    )
    lines = "".join(f"\n  - {mistake}" for mistake in known.mistakes)
    unforeseen = known.reason == "internal"
    if logging.getLogger("dream_sft").handlers:
        log.error("%s%s", known.message, lines, exc_info=error if unforeseen else None)
    else:
        print(f"{known.message}{lines}", file=sys.stderr)
    return known.exit_code


def _as_trainer_error(error: Exception) -> TrainerError:
    if isinstance(error, TrainerError):
        return error
    if is_disk_full(error):
        return ResourceError(f"no space left on the disk ({error}); free space, resume", "disk")
    memory = memory_that_ran_out(error)
    if memory == "gpu-memory":
        first = next(iter(str(error).splitlines()), type(error).__name__)
        return ResourceError(
            f"out of GPU memory ({first}); ask for less at once (evaluation.batchSize, "
            "training.documentsPerMicroBatch), or take a larger card",
            memory,
        )
    if memory == "host-memory":
        return ResourceError("out of host memory; free memory, then resume", memory)
    return TrainerError(f"{type(error).__name__}: {error} (a mistake in this program; see the log)")


if __name__ == "__main__":
    sys.exit(main())
