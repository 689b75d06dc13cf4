"""The metrics of a run with the trackers that its spec names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dream_sft.io.events import Emit
from dream_sft.io.run_dir import Metrics
from dream_sft.train.state import TrainState
from dream_sft.train.trackers.open import needs_run_id, new_run_id, open_trackers


def open_metrics(spec: dict[str, Any], emit: Emit, state: TrainState, records: str) -> Metrics:
    """`records`: those of the checkpoint that training goes on from.

    Sets `state.tracker_run` where a tracker needs one and the checkpoint had none.
    """
    run_dir, names = Path(spec["runDir"]), spec["training"]["trackers"]
    if needs_run_id(names) and state.tracker_run is None:
        state.tracker_run = new_run_id()
    return Metrics(
        run_dir,
        step=state.step,
        records=records,
        tensorboard="tensorboard" in names,
        trackers=open_trackers(spec["training"], run_dir, state.tracker_run, emit),
    )
