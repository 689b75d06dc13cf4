"""`merge`: a LoRA adapter added to its base, and what rounding the sum did to predictions."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dream_sft.adapters.comparison import (
    Agreement,
    compare,
    drawn_documents,
    masked_documents,
    masked_hidden,
)
from dream_sft.adapters.merge import merge
from dream_sft.adapters.peft_files import (
    CONFIG,
    AdapterError,
    AdapterFiles,
    load_adapter,
    read_adapter,
)
from dream_sft.commands.models import open_device
from dream_sft.data.dataset import load_dataset
from dream_sft.io.errors import DataError, SpecError, WeightsError
from dream_sft.io.events import Emit
from dream_sft.model import weights
from dream_sft.model.config import DreamConfig

log = logging.getLogger("dream_sft.merge")


@dataclass(frozen=True)
class _Measured:
    agreement: Agreement
    precision: str
    text: str


def run(spec: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Merge by `spec` (schemas/merge-spec.schema.json, defaults filled in); the result event.

    Raises SpecError, WeightsError (the base, the adapter, or the two together), DataError.
    """
    base, adapter, output = (Path(spec[key]) for key in ("base", "adapter", "output"))
    if output.resolve() in (base.resolve(), adapter.resolve()):
        raise SpecError("output: expected another folder than base and adapter, which it replaces")
    device = open_device(spec)
    try:
        files = read_adapter(adapter)
        config = weights.read_config(base)
        rows = _rows(spec, config)
        entries = merge(base, adapter, output, device=device)
        measured = _measure(spec, base, output, rows, device) if rows else None
        digest = weights.weights_sha256(output)
    except AdapterError as error:
        raise WeightsError(
            f"cannot merge the adapter in {adapter}; {_advice(adapter)}", error.mistakes
        ) from error
    except weights.WeightsError as error:
        raise WeightsError(
            f"cannot use the model in {error.folder}; fetch it again or name another folder",
            error.mistakes,
        ) from error
    if measured is not None:
        _say(measured)
    return {
        "type": "result",
        "command": "merge",
        "folder": str(output),
        "files": entries,
        "metrics": _metrics(files, digest, measured),
    }


def _advice(adapter: Path) -> str:
    """What `train` writes holds its adapter in a folder of that name."""
    if (adapter / CONFIG).is_file():
        return "name the base it was trained on"
    inside = adapter / "adapter"
    if (inside / CONFIG).is_file():
        return f"name {inside}, which holds one"
    return "name the folder that holds adapter_config.json"


def _rows(spec: dict[str, Any], config: DreamConfig) -> list[tuple[Tensor, Tensor]]:
    """Masked documents to compare on, read before anything is written."""
    if spec["positions"] == 0:
        return []
    if spec["dataset"] is None:
        documents = drawn_documents(config, spec["positions"])
    else:
        dataset = load_dataset(spec["dataset"])
        documents = [torch.from_numpy(dataset.document(i).ids) for i in range(len(dataset))]
        highest = max((int(ids.max()) for ids in documents), default=0)
        if highest >= config.vocab_size:
            raise DataError(
                f"the data set in {spec['dataset']} has token {highest}, the model a vocabulary "
                f"of {config.vocab_size}; convert it with the base's tokenizer"
            )
    return masked_documents(config, documents, spec["positions"])


def _measure(
    spec: dict[str, Any],
    base: Path,
    output: Path,
    rows: list[tuple[Tensor, Tensor]],
    device: torch.device,
) -> _Measured:
    # One model at a time; the unmerged one keeps its factors apart, in float32.
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    model = weights.load_dream(base, device=device, dtype=dtype).eval()
    load_adapter(model, Path(spec["adapter"]))
    unmerged_ND = masked_hidden(model, rows)
    del model
    model = weights.load_dream(output, device=device, dtype=dtype).eval()
    agreement = compare(model, unmerged_ND, masked_hidden(model, rows))
    text = "random" if spec["dataset"] is None else "dataset"
    return _Measured(agreement, "bf16" if dtype is torch.bfloat16 else "fp32", text)


def _say(measured: _Measured) -> None:
    found = measured.agreement
    log.info(
        "merged against unmerged at %d masked tokens (%s text, computed in %s): "
        "KL %.3g nats on average, %.3g at most; the same most likely token at %.2f %%",
        found.positions,
        measured.text,
        measured.precision,
        found.mean_kl,
        found.max_kl,
        100 * found.argmax_agreement,
    )


def _metrics(files: AdapterFiles, digest: str, measured: _Measured | None) -> dict[str, Any]:
    comparison = None
    if measured is not None:
        comparison = {
            "positions": measured.agreement.positions,
            "meanKl": measured.agreement.mean_kl,
            "maxKl": measured.agreement.max_kl,
            "argmaxAgreement": measured.agreement.argmax_agreement,
            "precision": measured.precision,
            "text": measured.text,
        }
    return {
        "adaptedWeights": len(files.modules),
        "rank": files.rank,
        "scale": files.scale,
        "weightsSha256": digest,
        "comparison": comparison,
    }
