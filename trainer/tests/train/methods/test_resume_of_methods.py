"""Every method: stopped and resumed gives the bits of a straight run, packed or padded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dream_sft.adapters.peft_files import read_adapter
from dream_sft.io.files import file_entries
from dream_sft.model.weights import weights_sha256
from tests.train.builders import Workshop, run, write_model

METHODS: dict[str, dict[str, Any]] = {
    "plain": {},
    "lora": {"method": "lora", "lora": {"rank": 4, "alpha": 8}},
    "lora int8": {
        "method": "lora",
        "lora": {"rank": 4, "alpha": 8, "modules": ["q_proj", "down_proj"]},
        "basePrecision": "int8",
        "precision": "bf16",
    },
    "kept": {"fullMode": "kept", "basePrecision": "bf16", "precision": "bf16"},
    "fused": {
        "fullMode": "fused",
        "basePrecision": "bf16",
        "precision": "bf16",
        "moments": "bf16",
    },
}


@pytest.mark.parametrize("packed", [None, 128], ids=["padded", "packed"])
@pytest.mark.parametrize("name", METHODS)
def test_resume_is_bit_equal(workshop: Workshop, name: str, packed: int | None) -> None:
    changes: dict[str, Any] = {
        "training__steps": 8,
        "checkpoints__everySteps": 3,
        "training__tokensPerMicroBatch": packed,
        **{f"training__{key}": value for key, value in METHODS[name].items()},
    }
    straight = run(workshop.spec("straight", **changes))
    assert straight.code == 0, straight.stderr
    newest = workshop.newest("straight")
    assert newest is not None
    resumed = run(workshop.spec("resumed", **changes, resumeFrom=newest))
    assert resumed.code == 0, resumed.stderr
    assert resumed.of("resumed_inexactly") == []
    assert resumed.metrics["orderHash"] == straight.metrics["orderHash"]
    assert resumed.metrics["weightsSha256"] == straight.metrics["weightsSha256"]
    exported = [weights_sha256(workshop.root / name / "output") for name in ("straight", "resumed")]
    assert exported[0] == exported[1]
    assert exported[0] != weights_sha256(workshop.root / "base")


def test_methods_see_the_same_order(workshop: Workshop) -> None:
    hashes = set()
    for name, changes in METHODS.items():
        spec = workshop.spec(
            "order",
            training__steps=3,
            **{f"training__{key}": value for key, value in changes.items()},
        )
        done = run(spec)
        assert done.code == 0, (name, done.stderr)
        hashes.add(done.metrics["orderHash"])
    assert len(hashes) == 1


def test_a_lora_checkpoint_holds_the_adapter_and_not_the_base(workshop: Workshop) -> None:
    lora = {f"training__{key}": value for key, value in METHODS["lora"].items()}
    done = run(workshop.spec("lora", training__steps=4, checkpoints__everySteps=2, **lora))
    assert done.code == 0, done.stderr
    folder = Path(workshop.newest("lora") or "")
    assert (folder / "adapter/adapter_model.safetensors").is_file()
    assert not (folder / "model").exists()
    assert (workshop.root / "lora/output/adapter/adapter_config.json").is_file()
    assert done.metrics["trainableParameters"] < done.metrics["parameters"]


def test_settings_that_do_not_go_together_are_all_named(workshop: Workshop) -> None:
    done = run(
        workshop.spec(
            "wrong",
            training__method="lora",
            training__fullMode="kept",
            training__basePrecision="fp8",
            training__moments="bf16",
            training__betas=[0.9, 0.99],
        )
    )
    assert done.code == 64
    for words in ("kept is for method full", "computes in bf16", "betas[1]"):
        assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["plain", "lora", "kept"])
def test_files_are_told_with_the_digests_of_what_lies_there(workshop: Workshop, name: str) -> None:
    changes = {f"training__{key}": value for key, value in METHODS[name].items()}
    done = run(workshop.spec("told", training__steps=2, **changes))
    assert done.code == 0, done.stderr
    (result,) = done.of("result")
    assert result["files"] == file_entries(workshop.root / "told/output")


def test_without_an_output_no_model_is_written(workshop: Workshop) -> None:
    lora = {f"training__{key}": value for key, value in METHODS["lora"].items()}
    written = run(workshop.spec("written", training__steps=2, **lora))
    done = run(workshop.spec("none", training__steps=2, output=None, **lora))
    assert done.code == 0, done.stderr
    (result,) = done.of("result")
    assert result["folder"] is None and result["files"] == []
    assert done.metrics["weightsSha256"] == written.metrics["weightsSha256"]
    assert not list((workshop.root / "none").rglob("model.safetensors"))


def test_an_adapter_does_not_go_on_from_another_base(workshop: Workshop) -> None:
    changes = {f"training__{key}": value for key, value in METHODS["lora"].items()}
    settings = {"training__steps": 4, "checkpoints__everySteps": 2, **changes}
    assert run(workshop.spec("first", **settings)).code == 0
    write_model(workshop.root / "other", seed=4)
    newest = workshop.newest("first")
    refused = run(workshop.spec("second", base="other", resumeFrom=newest, **settings))
    assert refused.code == 65
    (error,) = refused.of("error")
    assert [mistake.partition(":")[0] for mistake in error["mistakes"]] == ["base"]


@pytest.mark.parametrize("name", [None, "Dream-org/Dream-v0-Instruct-7B"])
def test_an_adapter_names_the_base_as_peft_finds_it(workshop: Workshop, name: str | None) -> None:
    lora = {f"training__{key}": value for key, value in METHODS["lora"].items()}
    settings = {"training__steps": 2, "checkpoints__everySteps": 1, **lora}
    assert run(workshop.spec("named", baseName=name, **settings)).code == 0
    checkpoint = Path(workshop.newest("named") or "")
    for adapter in (workshop.root / "named/output/adapter", checkpoint / "adapter"):
        assert read_adapter(adapter).base_name == (name or "base")
