"""What training knows besides weights and moments: `trainer_state.json` of a checkpoint."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dream_sft.data.dataset import Dataset
from dream_sft.diffusion.order import OrderHash
from dream_sft.model.weights import sampled_sha256
from dream_sft.train.budgets import checked
from dream_sft.train.fingerprint import Fingerprint

# With normalise microbatch a mean over micro-batches is learned from: how they are cut is then part
# of what a global batch is.
_CUT = ("documentsPerMicroBatch", "tokensPerMicroBatch", "worldSize")
# How a global batch is computed, not what it is: a change makes the resume inexact, not wrong.
_HOW = (
    "documentsPerMicroBatch",
    "precision",
    "tokensPerMicroBatch",
    "activationCheckpointing",
    "compile",
    "cudaGraphs",
    "attention",
    "deterministic",
    "validation",
    "trackers",
    "hangFactor",
    "worldSize",
)


@dataclass(frozen=True)
class Validated:
    """A fixed-noise validation: its loss, and the digest of the noise it was measured under."""

    step: int
    nll: float
    grid: str

    @classmethod
    def from_json(cls, content: dict[str, Any] | None) -> Validated | None:
        if content is None:
            return None
        return cls(int(content["step"]), float(content["nll"]), str(content["grid"]))


@dataclass(frozen=True)
class Marks:
    """What sets a checkpoint apart; in `checkpoint-ready` and trainer_state.json."""

    best: bool = False
    ends_epoch: bool = False
    nll: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {"best": self.best, "endsEpoch": self.ends_epoch, "nll": self.nll}


@dataclass
class TrainState:
    """Counts after `step` steps. `updates` leaves out steps without a masked token.

    loss: of the newest step with a masked token; None before the first.
    validated, best: the newest validation, and the one with the lowest loss on its grid.
    ends_epoch: of the step just made, in runs that validate; nothing to resume from.
    tracker_run: the run's name in tracking services, if it has any: curves go on after a resume.
    budgets: what micro-batches may hold on devices that ran out of memory (budgets.py).
    """

    step: int = 0
    updates: int = 0
    tokens: int = 0
    loss: float | None = None
    inexact: bool = False
    order: OrderHash = field(default_factory=OrderHash)
    validated: Validated | None = None
    best: Validated | None = None
    ends_epoch: bool = False
    tracker_run: str | None = None
    budgets: list[dict[str, Any]] = field(default_factory=list)

    def note_validation(self, nll: float, grid: str) -> bool:
        """Notes a validation of this step; whether it is the best of its grid so far."""
        self.validated = Validated(self.step, nll, grid)
        if self.best is None or self.best.grid != grid or nll < self.best.nll:
            self.best = self.validated
        return self.best is self.validated

    def marks(self) -> Marks:
        """Of a checkpoint taken now."""
        fresh = self.validated is not None and self.validated.step == self.step
        return Marks(
            best=self.best is not None and self.best.step == self.step,
            ends_epoch=self.ends_epoch,
            nll=self.validated.nll if fresh and self.validated is not None else None,
        )


@dataclass(frozen=True)
class Identity:
    """What a checkpoint and a run must share for one to go on from the other."""

    settings: dict[str, Any]

    @property
    def digest(self) -> str:
        """sha256 of the settings' canonical JSON."""
        text = json.dumps(self.settings, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def differences(self, other: dict[str, Any]) -> list[str]:
        """One line a setting that differs from `other` (a checkpoint's)."""
        return [
            f"{key}: the checkpoint has {other.get(key)!r}, the spec {self.settings.get(key)!r}"
            for key in sorted({*self.settings, *other})
            if self.settings.get(key) != other.get(key)
        ]


def base_digest(training: dict[str, Any], base: Path) -> str | None:
    """Of a base that checkpoints do not hold, which is that of LoRA; None for other methods.

    Raises weights.WeightsError.
    """
    return sampled_sha256(base) if training["method"] == "lora" else None


def identity_of(
    training: dict[str, Any],
    total_steps: int,
    dataset: Dataset,
    model_config: dict[str, Any],
    base: str | None,
) -> Identity:
    """Settings that decide samples, noise, schedule and shapes, and which base (`base_digest`)."""
    how = set(_HOW) - set(_CUT) if training["normalise"] == "microbatch" else set(_HOW)
    shown = {f"training.{k}": v for k, v in training.items() if k not in {*how, "epochs", "steps"}}
    if base is not None:
        shown["base"] = base
    shape = {k: v for k, v in model_config.items() if isinstance(v, (int, float))}
    return Identity(
        {
            **shown,
            "total steps": total_steps,
            "dataset": _dataset_digest(dataset),
            "model": hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest(),
        }
    )


def _dataset_digest(dataset: Dataset) -> str:
    digest = hashlib.sha256()
    for array in (dataset.sample_ids, dataset.ids, dataset.offsets, dataset.prompt_lengths):
        digest.update(array.tobytes())
    digest.update(dataset.cut.tobytes())
    return digest.hexdigest()


def state_to_json(
    state: TrainState, identity: Identity, numerics: Fingerprint, files: list[dict[str, Any]]
) -> str:
    """The content of trainer_state.json; `files` are the checkpoint's other files."""
    content = {
        "version": 1,
        "step": state.step,
        "updates": state.updates,
        "tokens": state.tokens,
        "loss": state.loss,
        "orderHash": state.order.hex(),
        "resumedInexactly": state.inexact,
        "validation": None if state.validated is None else asdict(state.validated),
        "bestValidation": None if state.best is None else asdict(state.best),
        "best": state.marks().best,
        "endsEpoch": state.ends_epoch,
        "configDigest": identity.digest,
        "settings": identity.settings,
        "fingerprint": numerics,
        "files": files,
    }
    # Random, so kept out of checkpoints that do without: they are the same bytes on every host.
    if state.tracker_run is not None:
        content["trackerRun"] = state.tracker_run
    if state.budgets:
        content["budgets"] = state.budgets
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def state_from_json(content: dict[str, Any]) -> TrainState:
    """Raises KeyError, TypeError or ValueError when the content is damaged."""
    return TrainState(
        step=int(content["step"]),
        updates=int(content["updates"]),
        tokens=int(content["tokens"]),
        loss=None if content["loss"] is None else float(content["loss"]),
        inexact=bool(content["resumedInexactly"]),
        order=OrderHash(content["orderHash"]),
        validated=Validated.from_json(content.get("validation")),
        best=Validated.from_json(content.get("bestValidation")),
        tracker_run=content.get("trackerRun"),
        budgets=[checked(budget) for budget in content.get("budgets", [])],
    )
