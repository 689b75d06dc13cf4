from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from dream_sft.adapters.merge import merge, merged_weight
from dream_sft.adapters.peft_files import AdapterError, save_adapter
from dream_sft.model.layout import INDEX
from dream_sft.model.weights import WeightsError, load_dream, save_dream
from tests.adapters.made import adapted, base_folder
from tests.model.small import small_dream


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    save_adapter(adapted(), tmp_path / "adapter", base_name="x")
    return tmp_path / "adapter"


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as shard:
            found.update({key: shard.get_tensor(key) for key in shard.keys()})  # noqa: SIM118
    return found


def test_the_sum_is_exact_in_float64_and_rounded_once(tmp_path: Path, adapter: Path) -> None:
    base = base_folder(tmp_path / "base")
    merge(base, adapter, tmp_path / "out")
    before, after = tensors(base), tensors(tmp_path / "out")
    assert after.keys() == before.keys()
    layers = dict(adapted().named_modules())
    twice_rounded_differs = 0
    for key, weight in after.items():
        layer = layers.get(key.removesuffix(".weight"))
        if not hasattr(layer, "lora_A"):
            assert torch.equal(weight, before[key]), key
            continue
        update = layer.scale * (layer.lora_B.double() @ layer.lora_A.double())
        exact = before[key].double() + update
        # One rounding: within half a unit of bf16's last place (plus float32's own round-off).
        # frexp says exact = m * 2^e with m in [0.5, 1): bf16's 8 bits leave a unit of 2^(e-8).
        _, exponent = torch.frexp(exact)
        half_unit = torch.ldexp(torch.full_like(exact, 0.5), exponent - 8)
        assert ((weight.double() - exact).abs() <= half_unit * 1.001).all(), key
        twice = (before[key] + update.bfloat16()).ne(weight)
        twice_rounded_differs += int(twice.sum())
    assert twice_rounded_differs > 0  # the test can tell the two apart


def test_a_float32_base_gives_the_adapted_models_function(tmp_path: Path, adapter: Path) -> None:
    base = base_folder(tmp_path / "base", dtype=torch.float32)
    merge(base, adapter, tmp_path / "out")
    ids = torch.arange(20)[None]
    merged = load_dream(tmp_path / "out")
    torch.testing.assert_close(merged(ids), adapted()(ids), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(merged(ids), small_dream()(ids), atol=1e-2)


def test_shards_keep_their_cut_and_other_files_their_bytes(tmp_path: Path, adapter: Path) -> None:
    base = base_folder(tmp_path / "base")
    (base / "pytorch_model.bin").write_bytes(b"unmerged weights in another form")
    (base / ".cache").mkdir()
    (base / ".cache" / "lock").write_text("")
    save_adapter(adapted(), base / "adapter", base_name="an earlier base")
    seen: list[tuple[int, int]] = []
    entries = merge(
        base, adapter, tmp_path / "out", progress=lambda done, total: seen.append((done, total))
    )
    shards = sorted(path.name for path in base.glob("*.safetensors"))
    assert len(shards) > 2
    assert sorted(path.name for path in (tmp_path / "out").glob("*.safetensors")) == shards
    for name in shards:
        with (
            safe_open(base / name, framework="pt") as ours,
            safe_open(tmp_path / "out" / name, framework="pt") as theirs,
        ):
            assert list(ours.keys()) == list(theirs.keys())
            assert ours.metadata() == theirs.metadata()
    kept = [
        INDEX,
        "config.json",
        "tokenizer_config.json",
        "modeling_dream.py",
        "assets/picture.png",
    ]
    for name in kept:
        assert (tmp_path / "out" / name).read_bytes() == (base / name).read_bytes()
    assert sorted(entry["path"] for entry in entries) == sorted([*shards, *kept])
    assert seen[-1][0] == seen[-1][1] and len(seen) == len(shards)


def test_an_adapter_for_another_base_leaves_nothing_behind(tmp_path: Path, adapter: Path) -> None:
    save_dream(small_dream(layers=1), tmp_path / "shallow")
    with pytest.raises(AdapterError) as caught:
        merge(tmp_path / "shallow", adapter, tmp_path / "out")
    assert len(caught.value.mistakes) == 7
    assert "model.layers.1.self_attn.q_proj.weight is not in the base" in caught.value.mistakes
    assert not (tmp_path / "out").exists()


def test_a_damaged_base_is_told_before_anything_is_written(tmp_path: Path, adapter: Path) -> None:
    base = base_folder(tmp_path / "base")
    shard = sorted(base.glob("*.safetensors"))[0]
    shard.write_bytes(shard.read_bytes()[:-4])
    with pytest.raises(WeightsError, match=shard.name):
        merge(base, adapter, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_zero_factors_change_no_bit() -> None:
    base = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)).bfloat16()
    thin, wide = torch.ones(2, 4), torch.zeros(6, 2)
    assert torch.equal(merged_weight(base, thin, wide, 2.0), base)
