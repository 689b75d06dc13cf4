"""What a micro-batch may hold on a device that ran out of memory before.

The trainer never retries out-of-memory in process: it ends with 69 and a budget for the next
attempt. The budget is kept by GPU model, in the run directory and in every checkpoint, and a spec
may bring those of earlier stages or other hosts. An attempt settles on the least of its own
device's before its first step, so a budget changes only between steps. It decides how a step is
cut into micro-batches and so belongs to the numerics fingerprint: going on from a checkpoint of
another budget is a `resumed_inexactly`. With `normalise: microbatch` the cut decides what is
learned as well: there no budget is proposed, and one that is known is refused.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from dream_sft.data.dataset import Dataset, load_dataset
from dream_sft.diffusion.masking import EosTail
from dream_sft.io.errors import ResourceError, SpecError
from dream_sft.io.files import write_atomic
from dream_sft.train.over_long import longest_lengths
from dream_sft.train.packing import ROW_MULTIPLE, rounded
from dream_sft.train.ranks import ALONE, Ranks

FILE = "budgets.json"
# What decides how much memory a micro-batch takes: a budget says nothing of other settings.
_BEARING = (
    "method",
    "lora",
    "basePrecision",
    "precision",
    "fullMode",
    "moments",
    "activationCheckpointing",
    "attention",
    "compile",
    "cudaGraphs",
    "worldSize",
)

# {device, tokensPerMicroBatch, documentsPerMicroBatch} of the spec; `with`: the settings it is of.
Budget = dict[str, Any]

log = logging.getLogger("dream_sft.train")


def device_model(device: torch.device) -> str:
    """The GPU model, or `cpu`."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def shortest_rows(dataset: Dataset, training: dict[str, Any]) -> int:
    """Tokens that a packed row must hold, whatever fits: documents are never split."""
    longest = int(longest_lengths(dataset, EosTail.parse(training["eosTail"])).max(initial=1))
    if training["validation"] is not None:
        held_out = load_dataset(dataset.folder, held_out=True)
        longest = max(longest, int(longest_lengths(held_out, EosTail()).max(initial=1)))
    return rounded(longest)


class Budgets:
    """What is known of budgets when an attempt starts, and what its own end adds.

    known: of the spec, the run directory and the checkpoint; those of other settings are left out.
    shortest: tokens of a packed row at least (`shortest_rows`).
    """

    def __init__(
        self,
        run_dir: Path,
        device: str,
        training: dict[str, Any],
        known: Iterable[Budget] = (),
        *,
        shortest: int = ROW_MULTIPLE,
    ) -> None:
        self._file, self._device, self._shortest = run_dir / FILE, device, shortest
        self._settings = {key: training[key] for key in _BEARING}
        every = [*known, *_read(self._file)]
        self._known = [one for one in every if one.get("with", self._settings) == self._settings]
        self._training = training

    @classmethod
    def of(
        cls,
        spec: dict[str, Any],
        device: torch.device,
        dataset: Dataset,
        kept: Sequence[Budget] = (),
    ) -> Budgets:
        """For a run by `spec` on `device`; `kept`: by the checkpoint it goes on from."""
        training, run_dir = spec["training"], Path(spec["runDir"])
        known, shortest = [*spec["budgets"], *kept], shortest_rows(dataset, training)
        return cls(run_dir, device_model(device), training, known, shortest=shortest)

    def to_json(self) -> list[Budget]:
        """The least of each device, for checkpoints and budgets.json."""
        devices = sorted({str(one["device"]) for one in self._known})
        return [{**self._least(device), "with": self._settings} for device in devices]

    def within(self, ranks: Ranks = ALONE) -> dict[str, Any]:
        """The training as this device can carry it out; the same on every rank.

        Raises SpecError where it would have to be cut otherwise and that changes what is learned.
        """
        planned, least = self._training, self._least(self._device)
        if planned["tokensPerMicroBatch"] is not None:
            key, most = "tokensPerMicroBatch", self._rows(least["tokensPerMicroBatch"])
        else:
            key, few = "documentsPerMicroBatch", least["documentsPerMicroBatch"]
            most = min(planned[key], planned[key] if few is None else few)
        # Cards of one host may differ; all ranks cut a step alike.
        settled = -int(ranks.most(-most))
        if settled != planned[key]:
            if planned["normalise"] == "microbatch":
                raise SpecError(
                    f"training.{key}: {planned[key]} ran out of memory on {self._device} before; "
                    f"{_DECIDES}: give {settled} at most, or normalise global"
                )
            log.info(
                "%s %d in place of %d: more ran out of memory on %s before",
                key, settled, planned[key], self._device,
            )  # fmt: skip
        self._training = {**planned, key: settled}
        return self._training

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Errors of what runs inside get the budget to try next (`after`)."""
        try:
            yield
        except ResourceError as error:
            told = self.after(error)
            if told is error:
                raise
            raise told from error

    def after(self, error: ResourceError) -> ResourceError:
        """The error with the budget to try next on this device, which is kept for then.

        Without one where nothing was advised, or nothing smaller is left.
        """
        if error.token_budget is None:
            return error
        rows, documents = self._next(error.token_budget)
        if rows is None and documents is None:
            return self._told(error, f"{error.message}; {_NOTHING_SMALLER}", None, None)
        if self._training["normalise"] == "microbatch":
            most = f"{rows} tokens" if rows else f"{documents} documents"
            message = f"{error.message}; {_DECIDES}: give {most} at most, or normalise global"
            return self._told(error, message, None, None)
        self._known.append(_budget(self._device, rows, documents))
        self._keep()
        next_most = f"rows of {rows} tokens" if rows else f"{documents} documents at once"
        message = f"{error.message}; the next attempt on {self._device} takes {next_most} at most"
        return self._told(error, message, rows or error.token_budget, documents)

    def _next(self, most: int) -> tuple[int | None, int | None]:
        """Tokens of packed rows or padded documents to try next; neither: nothing is smaller."""
        tried = self._training
        if tried["tokensPerMicroBatch"] is not None:
            rows = self._rows(most)
            return (rows if rows < tried["tokensPerMicroBatch"] else None), None
        documents = min(tried["documentsPerMicroBatch"], tried["documentsPerStep"])
        return None, (documents // 2 if documents > 1 else None)

    def _told(
        self, error: ResourceError, message: str, tokens: int | None, documents: int | None
    ) -> ResourceError:
        return ResourceError(
            message,
            error.resource,
            tokens,
            tokens=error.tokens,
            documents=documents,
            device=self._device,
        )

    def _rows(self, most: int | None) -> int:
        """Whole rows up to the budget; what the longest document needs fits in any case."""
        planned = int(self._training["tokensPerMicroBatch"])
        if most is None:
            return planned
        return min(planned, max(most // ROW_MULTIPLE * ROW_MULTIPLE, self._shortest))

    def _least(self, device: str) -> Budget:
        mine = [one for one in self._known if one["device"] == device]
        return _budget(
            device,
            min(_numbers(mine, "tokensPerMicroBatch"), default=None),
            min(_numbers(mine, "documentsPerMicroBatch"), default=None),
        )

    def _keep(self) -> None:
        others = [one for one in _read(self._file) if one.get("with") != self._settings]
        text = json.dumps([*others, *self.to_json()], indent=2, ensure_ascii=False)
        try:
            write_atomic(self._file, text + "\n")
        except OSError as error:
            log.warning("the budget is not kept in %s (%s)", self._file, error.strerror)


_DECIDES = (
    "with normalise microbatch the size of a micro-batch is part of what is learned, so nothing "
    "smaller is taken by itself"
)
_NOTHING_SMALLER = (
    "nothing smaller can be computed at once: take a card with more memory, basePrecision fp8 or "
    "int8 with method lora, activationCheckpointing all, or convert with a lower maxLength"
)


def _budget(device: str, tokens: int | None, documents: int | None) -> Budget:
    return {
        "device": device,
        "tokensPerMicroBatch": tokens,
        "documentsPerMicroBatch": documents,
    }


def _numbers(budgets: Iterable[Budget], key: str) -> list[int]:
    return [int(one[key]) for one in budgets if one[key] is not None]


def _read(file: Path) -> list[Budget]:
    """A file that somebody damaged costs an attempt that runs out of memory, not the run."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return [checked(one) for one in found]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s is not read (%s: %s)", file, type(error).__name__, error)
        return []


def checked(one: dict[str, Any]) -> Budget:
    """A budget that was kept in a file. Raises KeyError, TypeError or ValueError: damaged."""
    tokens, documents = one["tokensPerMicroBatch"], one["documentsPerMicroBatch"]
    return {
        **_budget(
            str(one["device"]),
            None if tokens is None else int(tokens),
            None if documents is None else int(documents),
        ),
        "with": dict(one["with"]),
    }
