from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from dream_sft.adapters.peft_files import save_adapter
from dream_sft.commands import merge as command
from dream_sft.io.errors import SpecError, WeightsError
from dream_sft.io.events import check
from dream_sft.io.spec import load_spec
from dream_sft.model.weights import weights_sha256
from tests.adapters.made import adapted, base_folder
from tests.train.builders import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    base_folder(tmp_path / "base").joinpath("tokenizer_config.json").unlink()
    save_adapter(adapted(), tmp_path / "adapter", base_name="base")
    return tmp_path


def write_spec(folder: Path, **changes: Any) -> Path:
    spec = {
        "command": "merge",
        "runDir": "run",
        "threads": 1,
        "base": "base",
        "adapter": "adapter",
        "output": "out",
        "positions": 60,
        **changes,
    }
    path = folder / "merge.json"
    path.write_text(json.dumps(spec))
    return path


def merged(folder: Path, **changes: Any) -> dict[str, Any]:
    result = command.run(load_spec("merge", write_spec(folder, **changes)), lambda _event: None)
    check(result)
    return result


def test_the_result_tells_files_and_agreement(folder: Path) -> None:
    result = merged(folder)
    metrics = result["metrics"]
    assert (metrics["adaptedWeights"], metrics["rank"], metrics["scale"]) == (14, 3, 2.0)
    assert metrics["weightsSha256"] == weights_sha256(folder / "out")
    found = metrics["comparison"]
    assert (found["positions"], found["text"], found["precision"]) == (60, "random", "fp32")
    # Rounding to bf16 moves predictions, but far less than the adapter does.
    assert 0 < found["meanKl"] < 1e-2
    assert found["meanKl"] <= found["maxKl"]
    assert found["argmaxAgreement"] > 0.9
    assert {entry["path"] for entry in result["files"]} >= {"config.json", "modeling_dream.py"}


def test_real_documents_are_compared_on_when_given(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    arrays = {
        "ids": np.arange(30, dtype=np.int32) % 37,
        "offsets": np.array([0, 14, 30]),
        "prompt_lengths": np.array([4, 5], dtype=np.int32),
        "sample_ids": np.array([1, 2], dtype=np.uint64),
        "cut": np.zeros(2, dtype=np.uint8),
    }
    save_file(arrays, data / "documents.safetensors")
    (data / "conversion.json").write_text('{"version": 1}')
    (data / "rows.jsonl").write_text("{}\n{}\n")
    found = merged(folder, dataset="data")["metrics"]["comparison"]
    assert found["text"] == "dataset" and 0 < found["positions"] < 30


def test_no_comparison_on_request(folder: Path) -> None:
    assert merged(folder, positions=0)["metrics"]["comparison"] is None


def test_the_whole_command_prints_the_agreement(folder: Path) -> None:
    done = run(write_spec(folder), "merge")
    assert done.code == 0, done.stderr
    assert done.events[-1]["command"] == "merge"
    assert "KL" in done.stderr and "the same most likely token at" in done.stderr


def test_mistakes_are_typed_and_write_nothing(folder: Path) -> None:
    with pytest.raises(SpecError, match="another folder"):
        merged(folder, output="base")
    (folder / "adapter" / "adapter_model.safetensors").unlink()
    with pytest.raises(WeightsError) as caught:
        merged(folder)
    assert caught.value.mistakes == ["adapter_model.safetensors is missing"]
    assert caught.value.exit_code == 65
    with pytest.raises(WeightsError, match="cannot use the model"):
        save_adapter(adapted(), folder / "adapter", base_name="base")
        merged(folder, base="nowhere")
    assert not (folder / "out").exists()


def test_the_folder_that_train_wrote_is_told_from_the_adapter_in_it(folder: Path) -> None:
    with pytest.raises(WeightsError, match=r"name .*trained/adapter, which holds one"):
        save_adapter(adapted(), folder / "trained" / "adapter", base_name="base")
        merged(folder, adapter="trained")
    with pytest.raises(WeightsError, match="name the folder that holds adapter_config"):
        merged(folder, adapter="base")
