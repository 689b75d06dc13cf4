from __future__ import annotations

import pytest
import torch

from dream_sft.train.block_inputs import BlockInputs

SHAPES = [torch.Size((2, 3, 4)), torch.Size((1, 7, 4))]


def one_step(inputs: BlockInputs, seed: int, shapes: list[torch.Size], device: str) -> None:
    random = torch.Generator().manual_seed(seed)
    inputs.begin()
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
    inputs = BlockInputs(torch.device(device))
    assert inputs.host_bytes == 0
    one_step(inputs, 1, SHAPES, device)
    held = inputs.host_bytes
    assert held >= 3 * 52 * 4
    one_step(inputs, 2, SHAPES[::-1], device)  # other cuts, no more memory
    one_step(inputs, 3, SHAPES * 3, device)
    assert inputs.host_bytes == held


def test_an_input_may_change_after_it_was_put() -> None:
    inputs = BlockInputs(torch.device("cpu"))
    inputs.begin()
    x = torch.ones(SHAPES[0])
    inputs.put((0, 0), x)
    x.zero_()
    assert torch.equal(inputs.get((0, 0), None), torch.ones(SHAPES[0]))
