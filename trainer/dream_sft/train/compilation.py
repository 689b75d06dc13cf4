"""Compiling the layers: the parts before and after attention, once for all layers and lengths."""

from __future__ import annotations

import importlib
from functools import partial

import torch

from dream_sft.model.network import Dream, Layer, RmsNorm


def import_compiler() -> None:
    """Import what compiling takes, seconds of it, before weights are loaded.

    The disk reads them meanwhile (io/read_ahead.py). On the main thread: torch's modules import
    each other in circles, and a second thread that enters one half imported gets it as it is.
    """
    importlib.import_module("torch._inductor.compile_fx")


def compile_layers(model: Dream) -> None:
    """Replace both parts of every layer, and the last norm, by compiled code.

    `dynamic`: rows of every length share one compilation. All layers share it too, because their
    weights are inputs of the compiled code. Numbers, such as a norm's epsilon, are constants of it
    instead: as inputs they are computed with on the host, by C++ for which torch tries compilers in
    every process, cached code or not (31 of 44 s of a start, docs/LOG.md, 2026-12-01).
    """
    if hasattr(torch._dynamo.config, "specialize_float"):
        torch._dynamo.config.specialize_float = True
    before = torch.compile(Layer.before_attention, dynamic=True)
    after = torch.compile(Layer.after_attention, dynamic=True)
    for layer in model.layers():
        layer.before_attention = partial(before, layer)  # type: ignore[method-assign]
        layer.after_attention = partial(after, layer)  # type: ignore[method-assign]
    model.model.norm.forward = partial(  # type: ignore[method-assign]
        torch.compile(RmsNorm.forward, dynamic=True), model.model.norm
    )
