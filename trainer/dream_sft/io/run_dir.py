"""What people read of a run: a log, metrics.jsonl and curves (TensorBoard by default)."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from dream_sft.io.files import write_atomic

LOGGER = "dream_sft"
_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def open_log(run_dir: Path, command: str, *, rank: int = 0) -> logging.Logger:
    """Log to stderr and append to `<run_dir>/<command>.log`. Raises OSError (folder not writable).

    Other ranks than the first only warn, on stderr.

    Every module logs with `logging.getLogger("dream_sft.<module>")`.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    # A log that cannot be written (full disk) must not print a stack for every line of it.
    logging.raiseExceptions = False
    logger = logging.getLogger(LOGGER)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    targets: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if rank == 0:
        targets.append(logging.FileHandler(run_dir / f"{command}.log"))
    for target in targets:
        target.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(target)
    logger.setLevel(logging.INFO if rank == 0 else logging.WARNING)
    logger.propagate = False
    return logger


class Curves(Protocol):
    """Where scalars are shown."""

    def write(self, step: int, wall_time: float, values: Mapping[str, float]) -> None: ...

    def close(self) -> None: ...


class TensorBoard:
    """Event files in `<run_dir>/tensorboard`. After a resume, later steps are purged from view."""

    def __init__(self, run_dir: Path, *, step: int) -> None:
        # Imported here: commands that write no curve should not wait for it.
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._event, self._summary = Event, Summary
        self._board = EventFileWriter(str(run_dir / "tensorboard"), flush_secs=5)
        if step > 0:
            start = SessionLog(status=SessionLog.START)
            self._board.add_event(Event(step=step + 1, session_log=start))

    def write(self, step: int, wall_time: float, values: Mapping[str, float]) -> None:
        scalars = [self._summary.Value(tag=tag, simple_value=x) for tag, x in values.items()]
        summary = self._summary(value=scalars)
        self._board.add_event(self._event(step=step, wall_time=wall_time, summary=summary))

    def close(self) -> None:
        self._board.close()


class Metrics:
    """metrics.jsonl of a training run, one record a step and one a
    validation, and the curves made of them.

    After a resume the records of the checkpoint come first; records of steps that were lost are
    gone from the file, and purged from TensorBoard's view.
    """

    def __init__(
        self,
        run_dir: Path,
        *,
        step: int,
        records: str,
        tensorboard: bool = True,
        trackers: Sequence[Curves] = (),
    ) -> None:
        run_dir.mkdir(parents=True, exist_ok=True)
        self.path = run_dir / "metrics.jsonl"
        write_atomic(self.path, records)
        self._text: IO[str] = self.path.open("a", encoding="utf-8")
        boards = [TensorBoard(run_dir, step=step)] if tensorboard else []
        self._curves: list[Curves] = [*boards, *trackers]

    def write(self, step: int, wall_time: float, record: Mapping[str, Any]) -> None:
        """Append one record; its numbers (not None, not bool) also become scalars.

        A list becomes a scalar an entry, by its place: `train/nllByT/0` and so on.
        """
        self._append(record)
        values = {f"train/{key}": value for key, value in _scalars(record) if key != "step"}
        self._show(step, wall_time, values)

    def write_validation(self, step: int, wall_time: float, measured: Mapping[str, Any]) -> None:
        """Append a record of its own after that of `step`: what is measured is not of every step.

        `measured`: nll, and nllByT as a list of {t, nll}; they also become `validation/nll`,
        `validation/nllByT/0.0625` and so on.
        """
        self._append({"step": step, "validation": measured, "time": round(wall_time, 3)})
        by_t = {f"nllByT/{level['t']:g}": level["nll"] for level in measured["nllByT"]}
        shown = {"nll": measured["nll"], **by_t}
        values = {f"validation/{key}": value for key, value in _scalars(shown)}
        self._show(step, wall_time, values)

    def _append(self, record: Mapping[str, Any]) -> None:
        self._text.write(json.dumps(record, separators=(",", ":")) + "\n")
        self._text.flush()

    def _show(self, step: int, wall_time: float, values: Mapping[str, float]) -> None:
        for curves in self._curves:
            curves.write(step, wall_time, values)

    @property
    def size(self) -> int:
        """Bytes of metrics.jsonl so far: a checkpoint keeps exactly these."""
        return self._text.tell()

    def close(self) -> None:
        self._text.close()
        for curves in self._curves:
            curves.close()


def _scalars(record: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for key, value in record.items():
        if isinstance(value, (list, tuple)):
            yield from _scalars({f"{key}/{place}": each for place, each in enumerate(value)})
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield key, float(value)
