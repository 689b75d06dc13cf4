"""A quantised base is never whole in bf16: neither on the way to the device, nor there."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dream_sft.frozen.linear import FrozenLinear
from dream_sft.frozen.storage import freeze, freeze_layer
from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream, init_weights
from dream_sft.model.weights import load_dream, save_dream
from tests.live_bytes import LiveBytes

# Projections outweigh what stays bf16, and every one needs several float32 blocks (see `base`).
CONFIG = DreamConfig(
    vocab_size=64,
    hidden_size=64,
    intermediate_size=192,
    num_hidden_layers=16,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    mask_token_id=63,
    pad_token_id=62,
    eos_token_id=62,
    rope_theta=1e6,
    rms_norm_eps=1e-6,
    initializer_range=0.3,
)
BLOCK = 4096


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bf16 model in shards that end within layers."""
    monkeypatch.setattr("dream_sft.frozen.linear._BLOCK_BYTES", BLOCK)
    model = Dream(CONFIG)
    init_weights(model, 3)
    save_dream(model.to(torch.bfloat16), tmp_path / "base", max_shard_bytes=150_000)
    assert len(list((tmp_path / "base").glob("*.safetensors"))) > 4
    return tmp_path / "base"


def load_quantised(folder: Path, storage: str, device: str = "cpu") -> Dream:
    arrived = partial(freeze_layer, storage=storage)
    return load_dream(folder, device=device, dtype=torch.bfloat16, arrived=arrived)


def held(model: nn.Module) -> dict[str, Tensor]:
    """Weights, and what is kept of projections; without the table of rotary positions."""
    named = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: tensor for name, tensor in named.items() if not name.endswith("inv_freq")}


def nbytes(tensors: dict[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())


def largest_layer() -> int:
    with torch.device("meta"):
        layer = Dream(CONFIG).layers()[0]
    return 2 * sum(weight.numel() for weight in layer.parameters())


@pytest.mark.parametrize("storage", ["bf16", "fp8", "int8"])
def test_layer_by_layer_gives_the_bits_of_the_whole(base: Path, storage: str) -> None:
    whole = load_dream(base, dtype=torch.bfloat16)
    freeze(whole, storage, torch.device("cpu"))
    found, wanted = held(load_quantised(base, storage)), held(whole)
    assert list(found) == list(wanted)
    for name, tensor in wanted.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name].view(torch.uint8), tensor.view(torch.uint8)), name


def test_nothing_is_left_to_freeze(base: Path) -> None:
    model = load_quantised(base, "int8")
    before = held(model)
    freeze(model, "int8", torch.device("cpu"))
    after = held(model)
    assert all(
        after[name] is tensor for name, tensor in before.items() if tensor.dtype == torch.int8
    )
    assert not any(weight.requires_grad for weight in model.parameters())
    kinds = [type(part) for part in model.modules() if isinstance(part, FrozenLinear)]
    assert len(kinds) == 7 * CONFIG.num_hidden_layers


@pytest.mark.parametrize("storage", ["fp8", "int8"])
def test_the_peak_is_the_quantised_model_and_one_layer(base: Path, storage: str) -> None:
    with LiveBytes() as counted:
        model = load_quantised(base, storage)
    kept = nbytes(held(model))
    # What a projection's blocks leave before they are joined, and a block in float32 four times.
    joining = CONFIG.hidden_size * (CONFIG.intermediate_size + 4) + 4 * BLOCK
    assert kept <= counted.peak <= kept + largest_layer() + joining
    whole = 2 * sum(weight.numel() for weight in Dream(CONFIG).parameters())
    assert kept + largest_layer() + joining < 0.75 * whole  # the bound says something


def test_the_count_sees_a_model_that_is_whole_first(base: Path) -> None:
    with LiveBytes() as counted:
        model = load_dream(base, dtype=torch.bfloat16)
        whole = nbytes(held(model))
        freeze(model, "int8", torch.device("cpu"))
    assert counted.peak >= whole


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("storage", ["fp8", "int8"])
def test_a_card_holds_one_layer_besides_the_quantised_model(tmp_path: Path, storage: str) -> None:
    config = replace(
        CONFIG,
        hidden_size=1024,
        intermediate_size=5120,
        num_hidden_layers=12,
        num_attention_heads=8,
    )
    model = Dream(config)
    init_weights(model, 3)
    layer = 2 * sum(weight.numel() for weight in model.layers()[0].parameters())
    save_dream(model.to(torch.bfloat16), tmp_path / "base", max_shard_bytes=100_000_000)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    model = load_quantised(tmp_path / "base", storage, "cuda")
    kept = torch.cuda.memory_allocated() - before
    peak = torch.cuda.max_memory_allocated() - before
    blocks = 4 * 16 * 1024 * 1024 + 1024 * 5120
    assert kept < 0.6 * 12 * layer
    assert peak <= kept + layer + blocks
