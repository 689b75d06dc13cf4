"""Which settings of `training` go together, and which method they mean."""

from __future__ import annotations

from typing import Any

from dream_sft.io.errors import SpecError


def check_settings(training: dict[str, Any], device: str) -> None:
    """Raises SpecError with every combination that cannot work."""
    lora, mode, base = training["method"] == "lora", training["fullMode"], training["basePrecision"]
    exact = mode in ("kept", "fused")
    rules = [
        (lora and exact, f"fullMode {mode} is for method full; leave it out for lora"),
        (
            not lora and base in ("fp8", "int8"),
            f"basePrecision {base} freezes the weights: take method lora",
        ),
        (exact and base != "bf16", f"fullMode {mode} needs basePrecision bf16"),
        (
            not lora and not exact and base != "fp32",
            f"basePrecision {base} with method full needs fullMode kept or fused",
        ),
        (
            (lora or exact) and base != "fp32" and training["precision"] != "bf16",
            f"basePrecision {base} computes in bf16: set precision to bf16",
        ),
        (
            # Nothing casts around LoRA, and kernels for packed rows would be chosen for bf16.
            lora and base == "fp32" and training["precision"] != "fp32",
            "basePrecision fp32 with method lora computes in float32: set precision to fp32, or "
            "basePrecision to bf16",
        ),
        (
            training["moments"] == "bf16" and not exact,
            "moments bf16 needs fullMode kept or fused",
        ),
        (
            training["moments"] == "bf16" and training["betas"][1] > 0.95,
            "moments bf16 needs betas[1] of at most 0.95",
        ),
        (
            mode == "fused" and training["activationCheckpointing"] != "none",
            "fullMode fused computes every layer again by itself: activationCheckpointing none",
        ),
        (
            training["worldSize"] > 1 and mode == "fused",
            "fullMode fused updates a block before the next one's gradient is known, on one card: "
            "set worldSize 1, or take fullMode kept",
        ),
        (
            training["attention"] in ("cudnn", "varlen", "flex") and device != "cuda",
            f"attention {training['attention']} needs device cuda",
        ),
    ]
    mistakes = [f"training: {sentence}" for broken, sentence in rules if broken]
    if mistakes:
        raise SpecError("the training settings do not go together", mistakes)
