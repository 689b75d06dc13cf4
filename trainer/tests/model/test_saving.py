"""What lies beside the weights, and how much memory loading and saving take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from dream_sft.model.saving import save_dream
from dream_sft.model.weights import load_dream
from tests.model.small import small_dream

TRAINER = Path(__file__).resolve().parents[2]
KEPT = {
    "tokenizer_config.json": b'{"a":  1}\n',
    "vocab.json": b'{"x": 0}',
    "merges.txt": b"#version: 0.2\na b\n",
    "added_tokens.json": b'{"<m>": 39}',
    "special_tokens_map.json": b"{}",
    "generation_config.json": b'{"alg": "origin",\t"steps": 512}',
    "modeling_dream.py": b"# published\r\nclass DreamModel: ...\n",
    "configuration_dream.py": b"class DreamConfig: ...",
    "generation_utils.py": b"\xef\xbb\xbfpass",
    "tokenization_dream.py": b"pass",
    "README.md": "中文".encode(),
    "LICENSE": b"x",
}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A bf16 model with the files of a published folder, in several shards."""
    folder = tmp_path / "published"
    save_dream(small_dream().to(torch.bfloat16), folder, max_shard_bytes=3000)
    for name, content in KEPT.items():
        (folder / name).write_bytes(content)
    raw = json.loads((folder / "config.json").read_text())
    raw["auto_map"] = {"AutoModel": "modeling_dream.DreamModel"}
    (folder / "config.json").write_text(json.dumps(raw, indent=4))
    return folder


def test_all_other_files_of_the_source_are_kept_byte_for_byte(
    published: Path, tmp_path: Path
) -> None:
    model = load_dream(published, dtype=torch.bfloat16)
    files = save_dream(model, tmp_path / "out", source=published, max_shard_bytes=3000)
    assert {path.name for path in files} == {path.name for path in published.iterdir()}
    for path in published.iterdir():
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_index_names_every_key_its_shard_and_the_total_size(published: Path) -> None:
    index = json.loads((published / "model.safetensors.index.json").read_text())
    state = small_dream().to(torch.bfloat16).state_dict()
    assert index["metadata"]["total_size"] == sum(weight.nbytes for weight in state.values())
    assert set(index["weight_map"]) == set(state)
    shards = sorted(set(index["weight_map"].values()))
    assert shards == [f"model-{n:05d}-of-{len(shards):05d}.safetensors" for n in range(1, 1 + len(shards))]  # fmt: skip # noqa: E501
    for shard in shards:
        with safe_open(published / shard, framework="pt") as opened:
            keys = set(opened.keys())
            assert opened.metadata() == {"format": "pt"}
        assert keys == {k for k, name in index["weight_map"].items() if name == shard}
        # A shard passes the limit only when one tensor alone does.
        size = sum(state[key].nbytes for key in keys)
        assert size <= 3000 or len(keys) == 1


MEASURE = """
import sys, json
from pathlib import Path
import torch
torch.set_num_threads(1)
from dream_sft.model.weights import load_dream
from dream_sft.model.saving import save_dream

def status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(l.split()[1]) for l in lines if l.startswith(key)) * 1024

torch.empty(1 << 20).sum()
before = status("VmRSS")
dtype = getattr(torch, sys.argv[2])
model = load_dream(Path(sys.argv[1]), dtype=dtype)
loaded = status("VmHWM") - before
rest = status("VmRSS")
# Linux: the peak starts again from what is held now.
Path("/proc/self/clear_refs").write_text("5")
save_dream(model, Path(sys.argv[3]), source=Path(sys.argv[1]), max_shard_bytes=100_000_000)
saved = status("VmHWM") - rest
size = sum(w.nbytes for w in model.state_dict().values())
print(json.dumps({"size": size, "loaded": loaded, "saved": saved}))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_memory_peaks_at_the_model_plus_one_piece(tmp_path: Path, dtype: str) -> None:
    from dream_sft.model.config import DreamConfig
    from dream_sft.model.network import Dream

    source = small_dream().config
    shape = {**source.to_dict(), "hidden_size": 1024, "intermediate_size": 4096}
    shape |= {"num_hidden_layers": 5, "num_attention_heads": 8, "vocab_size": 30000}
    model = Dream(DreamConfig.from_dict(shape)).to(torch.bfloat16)
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(0.5)
    save_dream(model, tmp_path / "base", max_shard_bytes=5_000_000_000)
    del model
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path / "base"), dtype, str(tmp_path / "out")],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(TRAINER), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    found = json.loads(measured.stdout)
    print({key: f"{value / 2**20:.0f} MiB" for key, value in found.items()})
    assert found["size"] > 250e6
    assert found["loaded"] < 1.15 * found["size"]
    assert found["saved"] < 0.15 * found["size"]
    assert len(list((tmp_path / "out").glob("*.safetensors"))) > 2
