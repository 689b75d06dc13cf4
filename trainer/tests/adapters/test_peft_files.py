from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from dream_sft.adapters.peft_files import (
    CONFIG,
    WEIGHTS,
    AdapterError,
    load_adapter,
    read_adapter,
    save_adapter,
)
from tests.adapters.made import adapted
from tests.model.small import small_dream


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_adapter(adapted(), tmp_path / "adapter", base_name="Dream-org/Dream-v0-Instruct-7B")
    return tmp_path / "adapter"


def change(folder: Path, **settings: Any) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


def test_names_and_settings_are_pefts(folder: Path) -> None:
    held = load_file(folder / WEIGHTS)
    settings = json.loads((folder / CONFIG).read_text())
    assert len(held) == 2 * 7 * 2  # factors, projections, layers
    thin = held["base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"]
    wide = held["base_model.model.model.layers.1.mlp.down_proj.lora_B.weight"]
    assert (tuple(thin.shape), tuple(wide.shape)) == ((3, 16), (16, 3))
    assert {weight.dtype for weight in held.values()} == {torch.float32}
    assert (settings["peft_type"], settings["r"], settings["lora_alpha"]) == ("LORA", 3, 6)
    assert settings["base_model_name_or_path"] == "Dream-org/Dream-v0-Instruct-7B"
    assert settings["target_modules"] == sorted(
        ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    )


def test_target_modules_are_those_adapted(tmp_path: Path) -> None:
    save_adapter(adapted(modules=["q_proj", "v_proj"]), tmp_path / "a", base_name="x")
    assert json.loads((tmp_path / "a" / CONFIG).read_text())["target_modules"] == [
        "q_proj",
        "v_proj",
    ]


def test_loading_gives_the_same_function_and_saving_the_same_bytes(
    folder: Path, tmp_path: Path
) -> None:
    ids = torch.arange(12)[None]
    fresh, beside = small_dream(), adapted()
    untouched = small_dream()(ids)
    load_adapter(fresh, folder)
    torch.testing.assert_close(fresh(ids), beside(ids), rtol=0, atol=0)
    assert not torch.allclose(fresh(ids), untouched)
    save_adapter(fresh, tmp_path / "again", base_name="Dream-org/Dream-v0-Instruct-7B")
    for name in (WEIGHTS, CONFIG):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_model_with_factors_keeps_its_layers(folder: Path) -> None:
    model = adapted()
    layer = model.model.layers[0].self_attn.q_proj
    with torch.no_grad():
        layer.lora_A.zero_()
    load_adapter(model, folder)
    assert model.model.layers[0].self_attn.q_proj is layer
    torch.testing.assert_close(layer.lora_A, adapted().model.layers[0].self_attn.q_proj.lora_A)


def test_another_rank_alpha_or_set_of_modules_is_refused_and_nothing_changes(folder: Path) -> None:
    for changes, words in (
        ({"rank": 2, "alpha": 4}, "rank 3"),
        ({"alpha": 5}, "scale alpha / rank 2"),
        ({"modules": ["q_proj"]}, "has no factors in this model"),
    ):
        model = adapted(**changes)
        before = {name: weight.clone() for name, weight in model.state_dict().items()}
        with pytest.raises(AdapterError, match=words):
            load_adapter(model, folder)
        for name, weight in model.state_dict().items():
            torch.testing.assert_close(weight, before[name], rtol=0, atol=0)


def test_every_mistake_of_a_folder_is_named_at_once(folder: Path) -> None:
    held = load_file(folder / WEIGHTS)
    held.pop("base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight")
    held["base_model.model.lm_head.weight"] = torch.zeros(2)
    held["base_model.model.model.layers.1.mlp.up_proj.lora_A.weight"] = torch.zeros(2, 16)
    save_file(held, folder / WEIGHTS)
    change(folder, use_dora=True, lora_alpha=0)
    with pytest.raises(AdapterError) as caught:
        read_adapter(folder)
    said = "\n".join(caught.value.mistakes)
    assert "use_dora is True" in said and "lora_alpha must be" in said
    assert "layers.0.self_attn.q_proj.lora_B.weight is missing" in said
    assert "lm_head.weight is no LoRA factor" in said
    assert "mlp.up_proj: factors [2, 16] and [24, 3] do not have rank 3" in said
    assert len(caught.value.mistakes) == 5


def test_damage_and_absence_are_told(folder: Path, tmp_path: Path) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(AdapterError, match="cut off or damaged"):
        read_adapter(folder)
    path.unlink()
    with pytest.raises(AdapterError, match=r"adapter_model\.safetensors is missing"):
        read_adapter(folder)
    with pytest.raises(AdapterError, match=r"adapter_config\.json is missing"):
        read_adapter(tmp_path)
    (folder / CONFIG).write_text("[]")
    with pytest.raises(AdapterError, match="not a JSON object"):
        read_adapter(folder)


def test_an_adapter_for_another_model_is_refused(folder: Path) -> None:
    with pytest.raises(AdapterError, match=r"layers\.1\.self_attn\.q_proj is no projection"):
        load_adapter(small_dream(layers=1), folder)


def test_a_rank_above_a_matrix_is_refused(folder: Path) -> None:
    held = load_file(folder / WEIGHTS)
    wide = {
        key: torch.zeros((17, w.shape[1]) if ".lora_A." in key else (w.shape[0], 17))
        for key, w in held.items()
    }
    save_file(wide, folder / WEIGHTS)
    change(folder, r=17)
    with pytest.raises(AdapterError, match="rank 17 exceeds the smaller side 16") as caught:
        load_adapter(small_dream(), folder)
    assert len(caught.value.mistakes) == 14


def test_a_model_without_factors_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no LoRA factors"):
        save_adapter(small_dream(), tmp_path / "a", base_name="x")
