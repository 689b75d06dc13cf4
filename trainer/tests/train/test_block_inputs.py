from __future__ import annotations

import pytest
import torch

from dream_sft.io.errors import ResourceError
from dream_sft.train.block_inputs import BlockInputs

SHAPES = [torch.Size((2, 3, 4)), torch.Size((1, 7, 4))]


def fill(inputs: BlockInputs, seed: int, shapes: list[torch.Size], device: str) -> None:
    random = torch.Generator().manual_seed(seed)
    inputs.prepare(shapes, torch.float32)
    sent = {}
    for micro, shape in enumerate(shapes):
        for block in range(3):
            sent[block, micro] = torch.randn(shape, generator=random)
            inputs.put((block, micro), sent[block, micro].to(device))
    keys = [(block, micro) for block in (2, 1, 0) for micro in range(len(shapes))]
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        assert torch.equal(inputs.get(key, following).cpu(), sent[key])


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_what_was_put_comes_back_and_memory_is_used_again(device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU here")
    inputs = BlockInputs(3, torch.device(device))
    assert inputs.host_bytes == 0
    fill(inputs, 1, SHAPES, device)
    held = inputs.host_bytes
    assert held >= 3 * 52 * 4
    fill(inputs, 2, SHAPES[::-1], device)  # other cuts, no more memory
    assert inputs.host_bytes == held
    fill(inputs, 3, SHAPES * 3, device)
    assert inputs.host_bytes >= 3 * 3 * 52 * 4


def test_an_input_may_change_after_it_was_put() -> None:
    inputs = BlockInputs(1, torch.device("cpu"))
    inputs.prepare(SHAPES[:1], torch.float32)
    x = torch.ones(SHAPES[0])
    inputs.put((0, 0), x)
    x.zero_()
    assert torch.equal(inputs.get((0, 0), None), torch.ones(SHAPES[0]))


def test_a_host_without_memory_is_a_resource_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    inputs = BlockInputs(2, torch.device("cpu"))
    monkeypatch.setattr(torch, "empty", refuse)
    with pytest.raises(ResourceError, match="2 blocks") as caught:
        inputs.prepare(SHAPES, torch.bfloat16)
    assert caught.value.exit_code == 69 and caught.value.resource == "host-memory"
