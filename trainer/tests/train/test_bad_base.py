"""A wrong base ends a real trainer process with 65 before a weight is read, all mistakes told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from dream_sft.model.weights import load_dream, save_dream
from tests.train.builders import EOS, MASK, VOCABULARY, Workshop, run

INDEX = "model.safetensors.index.json"


def shards(base: Path) -> list[Path]:
    return sorted(base.glob("model-*.safetensors"))


def holder(base: Path, key: str) -> Path:
    return base / json.loads((base / INDEX).read_text())["weight_map"][key]


def change(base: Path, key: str, value: torch.Tensor | None) -> None:
    """Replace or remove one tensor in its shard, and in the index."""
    path = holder(base, key)
    state = load_file(path)
    state.pop(key)
    if value is not None:
        state[key] = value
    save_file(state, path)
    if value is None:
        index = json.loads((base / INDEX).read_text())
        del index["weight_map"][key]
        (base / INDEX).write_text(json.dumps(index))


def add_key(base: Path) -> None:
    path = shards(base)[0]
    save_file({**load_file(path), "model.extra": torch.zeros(1)}, path)


def cut_shard(base: Path) -> None:
    path = holder(base, "model.layers.1.mlp.up_proj.weight")
    path.write_bytes(path.read_bytes()[:-7])


def other_tokenizer(base: Path) -> None:
    added = {"<|mask|>": MASK + 1, "<|endoftext|>": EOS}
    (base / "vocab.json").write_text(json.dumps({"a": 1, "b": VOCABULARY + 3}))
    (base / "added_tokens.json").write_text(json.dumps(added))
    config = {"mask_token": "<|mask|>", "eos_token": "<|endoftext|>"}
    (base / "tokenizer_config.json").write_text(json.dumps(config))


CASES: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "missing key": (
        lambda base: change(base, "model.norm.weight", None),
        ["model.norm.weight is missing"],
    ),
    "extra key": (add_key, ["model.extra is not part of a Dream model"]),
    "misshaped key": (
        lambda base: change(base, "lm_head.weight", torch.zeros(VOCABULARY, 15)),
        [f"lm_head.weight has shape [{VOCABULARY}, 15], config.json asks for [{VOCABULARY}, 16]"],
    ),
    "truncated shard": (cut_shard, ["model-00005-of-", "is cut off or damaged"]),
    "missing shard": (lambda base: shards(base)[1].unlink(), ["model-00002-of-", "is missing"]),
    "other tokenizer": (
        other_tokenizer,
        [
            f"the tokenizer has {VOCABULARY + 4} tokens, the model only {VOCABULARY} embeddings",
            f"mask_token '<|mask|>' has id {MASK + 1} in the tokenizer, {MASK} in config.json",
        ],
    ),
}


@pytest.fixture
def cut(workshop: Workshop) -> Workshop:
    """The base in several shards."""
    base = workshop.root / "base"
    save_dream(load_dream(base), base, source=base, max_shard_bytes=5000)
    assert len(shards(base)) > 2
    return workshop


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_is_told_and_ends_with_65(cut: Workshop, case: str) -> None:
    spoil, words = CASES[case]
    spoil(cut.root / "base")
    refused = run(cut.spec())
    assert refused.code == 65, refused.stderr
    assert [event["type"] for event in refused.events] == ["started", "error"]
    assert refused.events[-1]["reason"] == "weights"
    told = " | ".join(refused.events[-1]["mistakes"])
    assert all(word in told for word in words), told
    assert all(word in refused.stderr for word in words)
    assert "Traceback" not in refused.stderr
    assert not (cut.root / "run/output").exists()


def test_mistakes_of_all_kinds_are_told_at_once_before_any_weight_is_read(
    cut: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dream_sft.model import filling
    from dream_sft.model.weights import WeightsError

    base = cut.root / "base"
    change(base, "model.norm.weight", None)
    add_key(base)
    change(base, "lm_head.weight", torch.zeros(VOCABULARY, 15))
    other_tokenizer(base)

    def never(*_: object) -> None:
        raise AssertionError("a weight is read")

    monkeypatch.setattr(filling.Filler, "fill", never)
    with pytest.raises(WeightsError) as caught:
        load_dream(base)
    assert len(caught.value.mistakes) == 5


def test_a_rank_larger_than_a_matrix_ends_with_64(cut: Workshop) -> None:
    refused = run(cut.spec(training__method="lora", training__lora={"rank": 9}))
    assert refused.code == 64, refused.stderr
    assert [event["type"] for event in refused.events] == ["started", "error"]
    assert refused.events[-1]["reason"] == "spec"
    assert refused.events[-1]["mistakes"] == [
        "lora.rank 9 exceeds the smaller side of k_proj, 8 x 16; take at most 8",
        "lora.rank 9 exceeds the smaller side of v_proj, 8 x 16; take at most 8",
    ]
    assert "Traceback" not in refused.stderr
