from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from dream_sft.model.weights import (
    WeightsError,
    load_dream,
    model_sha256,
    sampled_sha256,
    save_dream,
    weights_sha256,
)
from tests.model.small import small_dream


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_dream(small_dream(), tmp_path / "saved")
    return tmp_path / "saved"


def test_both_layouts_load_the_same_weights(saved: Path, tmp_path: Path) -> None:
    model = load_dream(saved)
    save_dream(model, tmp_path / "cut", max_shard_bytes=2000)
    assert len(list((tmp_path / "cut").glob("*.safetensors"))) > 2
    again = load_dream(tmp_path / "cut")
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name
    assert weights_sha256(saved) == weights_sha256(tmp_path / "cut") == model_sha256(again)


def test_the_same_weights_give_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    save_dream(load_dream(saved), tmp_path / "again", source=saved)
    assert digests(tmp_path / "again") == digests(saved)


def test_one_changed_weight_changes_the_digest(saved: Path) -> None:
    before = weights_sha256(saved)
    model = load_dream(saved)
    with torch.no_grad():
        model.lm_head.weight[0, 0] += 1
    save_dream(model, saved)
    assert weights_sha256(saved) != before


def test_a_sample_tells_bases_apart_however_they_are_cut(saved: Path, tmp_path: Path) -> None:
    model, before = load_dream(saved), sampled_sha256(saved)
    save_dream(model, tmp_path / "cut", max_shard_bytes=2000)
    assert sampled_sha256(tmp_path / "cut") == before
    save_dream(load_dream(saved, dtype=torch.bfloat16), tmp_path / "half")
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight *= 1.01  # type: ignore[union-attr,operator]
    save_dream(model, tmp_path / "tuned")
    found = {sampled_sha256(tmp_path / name) for name in ("cut", "half", "tuned")}
    assert len(found) == 3


def test_small_files_come_along_and_old_weights_go(saved: Path, tmp_path: Path) -> None:
    (saved / "merges.txt").write_text("a b\n")
    (saved / "pytorch_model.bin").write_bytes(b"not ours")
    (saved / ".hidden").write_text("x")
    target = tmp_path / "target"
    save_dream(load_dream(saved), target, max_shard_bytes=2000)
    save_dream(load_dream(saved), target, source=saved)
    assert {p.name for p in target.iterdir()} == {"config.json", "merges.txt", "model.safetensors"}


def test_the_config_keeps_unknown_keys_and_says_the_true_dtype(saved: Path, tmp_path: Path) -> None:
    raw = json.loads((saved / "config.json").read_text())
    raw["auto_map"] = {"AutoModel": "modeling_dream.DreamModel"}
    (saved / "config.json").write_text(json.dumps(raw))
    save_dream(load_dream(saved, dtype=torch.bfloat16), tmp_path / "half", source=saved)
    written = json.loads((tmp_path / "half" / "config.json").read_text())
    assert written == {**raw, "torch_dtype": "bfloat16"}
    assert (
        load_file(tmp_path / "half" / "model.safetensors")["lm_head.weight"].dtype == torch.bfloat16
    )


def test_a_loaded_model_does_not_depend_on_its_file(saved: Path) -> None:
    model = load_dream(saved)
    before = model_sha256(model)
    with (saved / "model.safetensors").open("r+b") as handle:
        handle.seek(5000)
        handle.write(b"\xff" * 4000)
    assert model_sha256(model) == before


def test_every_wrong_key_is_named_at_once(saved: Path) -> None:
    state = load_file(saved / "model.safetensors")
    del state["model.norm.weight"], state["lm_head.weight"]
    state["model.embed_tokens.weight"] = torch.zeros(41, 16)
    state["model.extra"] = torch.zeros(1)
    save_file(state, saved / "model.safetensors")
    with pytest.raises(WeightsError) as caught:
        load_dream(saved)
    assert caught.value.mistakes == [
        "model.norm.weight is missing",
        "lm_head.weight is missing",
        "model.extra is not part of a Dream model",
        "model.embed_tokens.weight has shape [41, 16], config.json asks for [40, 16]",
    ]


def test_damaged_and_missing_shards_are_named_at_once(saved: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    save_dream(load_dream(saved), cut, max_shard_bytes=4000)
    shards = sorted(cut.glob("*.safetensors"))
    shards[0].write_bytes(shards[0].read_bytes()[:-10])
    shards[1].unlink()
    with pytest.raises(WeightsError) as caught:
        load_dream(cut)
    assert len(caught.value.mistakes) == 2
    assert f"{shards[0].name} is cut off or damaged" in caught.value.mistakes[0]
    assert caught.value.mistakes[1] == f"{shards[1].name} is missing"
    with pytest.raises(WeightsError):
        weights_sha256(cut)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ("{", "cannot be read"),
        ('{"weight_map": {}}', "no usable weight_map"),
        ('{"weight_map": {"lm_head.weight": "../x"}}', "not a plain file name"),
        ('{"weight_map": {"gone.weight": "model.safetensors"}}', "gone.weight is not in"),
    ],
)
def test_a_wrong_index_is_named(saved: Path, index: str, words: str) -> None:
    (saved / "model.safetensors.index.json").write_text(index)
    with pytest.raises(WeightsError, match=words):
        load_dream(saved)


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "config.json is missing"), ("{", "cannot be read"), ("[]", "not a JSON object")],
)
def test_a_wrong_config_is_named(saved: Path, text: str | None, words: str) -> None:
    (saved / "config.json").unlink()
    if text is not None:
        (saved / "config.json").write_text(text)
    with pytest.raises(WeightsError, match=words):
        load_dream(saved)


def test_no_weights_at_all(saved: Path) -> None:
    (saved / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"neither model\.safetensors nor"):
        load_dream(saved)


def test_a_failed_save_leaves_the_old_model(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(saved)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    model = load_dream(saved)
    monkeypatch.setattr("dream_sft.model.saving.write_tensors", full)
    with pytest.raises(OSError, match="No space left"):
        save_dream(model, saved)
    assert digests(saved) == before


def test_the_parity_model_is_saved_byte_for_byte_the_same_digest(
    parity: Path, tmp_path: Path
) -> None:
    shutil.copytree(parity, tmp_path / "copy")
    save_dream(load_dream(tmp_path / "copy"), tmp_path / "out", source=tmp_path / "copy")
    assert weights_sha256(tmp_path / "out") == weights_sha256(parity)
    source, out = (tmp_path / n / "config.json" for n in ("copy", "out"))
    assert out.read_bytes() == source.read_bytes()
