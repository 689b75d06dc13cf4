"""Which settings of `training` go together, and which method they mean.

src/contracts/training-rules.ts has the same rules in the same words, so that a plan is refused
before anything is paid for; test/fixtures/training-rules.json is run against both.
"""

from __future__ import annotations

from typing import Any

from dream_sft.io.errors import SpecError

# Broken or not, key of `training`, what to do.
Rule = tuple[bool, str, str]


def check_settings(training: dict[str, Any], device: str) -> None:
    """Raises SpecError with every combination that cannot work."""
    mistakes = setting_mistakes(training, device)
    if mistakes:
        raise SpecError("the training settings do not go together", mistakes)


def setting_mistakes(training: dict[str, Any], device: str) -> list[str]:
    """Every combination that cannot work, with its key. `training` has its defaults filled in."""
    rules = [*_method_rules(training), *_moment_rules(training), *_kernel_rules(training, device)]
    return [f"training.{key}: {sentence}" for broken, key, sentence in rules if broken]


def _method_rules(training: dict[str, Any]) -> list[Rule]:
    lora, mode, base = training["method"] == "lora", training["fullMode"], training["basePrecision"]
    exact, precision, tail = mode != "plain", training["precision"], training["eosTail"]
    return [
        (
            not isinstance(tail, str) and tail[0] > tail[1],
            "eosTail",
            f"expected [low, high] with low <= high, got {tail}",
        ),
        (lora and exact, "fullMode", f"{mode} is for method full; leave it out for lora"),
        (
            not lora and base in ("fp8", "int8"),
            "basePrecision",
            f"{base} freezes the weights: take method lora",
        ),
        (
            not lora and exact and base == "fp32",
            "basePrecision",
            f"fullMode {mode} needs bf16",
        ),
        (
            not lora and not exact and base == "bf16",
            "basePrecision",
            "bf16 with method full needs fullMode kept or fused",
        ),
        (
            base != "fp32" and precision != "bf16" and (lora or (exact and base == "bf16")),
            "precision",
            f"basePrecision {base} computes in bf16: take bf16",
        ),
        (
            # Nothing casts around LoRA, and kernels for packed rows would be chosen for bf16.
            lora and base == "fp32" and precision != "fp32",
            "precision",
            "basePrecision fp32 with method lora computes in float32: take fp32, or basePrecision "
            "bf16",
        ),
    ]


def _moment_rules(training: dict[str, Any]) -> list[Rule]:
    mode, narrow = training["fullMode"], training["moments"] == "bf16"
    full = training["method"] == "full"
    return [
        (
            narrow and not full,
            "moments",
            "bf16 is for method full; those of lora are float32",
        ),
        (narrow and full and mode == "plain", "moments", "bf16 needs fullMode kept or fused"),
        (
            narrow and training["betas"][1] > 0.95,
            "betas",
            "moments bf16 needs betas[1] of at most 0.95",
        ),
        (
            mode == "fused" and training["activationCheckpointing"] != "none",
            "activationCheckpointing",
            "fullMode fused computes every layer again by itself: take none",
        ),
        (
            mode == "fused" and training["worldSize"] > 1,
            "worldSize",
            "fullMode fused updates a block before the next gradient is known, on one card: "
            "take 1, or fullMode kept",
        ),
    ]


def _kernel_rules(training: dict[str, Any], device: str) -> list[Rule]:
    kernel = training["attention"]
    on_gpu = kernel in ("cudnn", "varlen", "flex")
    return [
        (on_gpu and device != "cuda", "attention", f"{kernel} needs device cuda"),
        (
            on_gpu and kernel != "flex" and training["precision"] != "bf16",
            "attention",
            f"{kernel} computes in bf16: set precision to bf16",
        ),
    ]
