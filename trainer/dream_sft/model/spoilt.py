"""A model whose update was cut short half-way is of no step: nothing of it may be published."""

from __future__ import annotations

from torch import nn

_MARK = "_spoilt_by"


class SpoiltModelError(RuntimeError):
    """Somebody tries to save a spoilt model: a mistake in this program, never of the user's."""


def mark_spoilt(model: nn.Module, why: str) -> None:
    """From now on `refuse_spoilt(model)` raises. There is no way back: load the model again."""
    setattr(model, _MARK, why)


def spoilt_by(model: nn.Module) -> str | None:
    """Why the model is spoilt; None for a sound one."""
    why: str | None = getattr(model, _MARK, None)
    return why


def refuse_spoilt(model: nn.Module) -> None:
    """Raises SpoiltModelError; to be called before weights are copied or written."""
    why = spoilt_by(model)
    if why is not None:
        raise SpoiltModelError(f"the weights are half updated ({why}); resume from a checkpoint")
